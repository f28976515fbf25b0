"""Names of people by country. A name in another script stands with its Latin form after a stroke."""

from itertools import product
from typing import NamedTuple


class Names(NamedTuple):
    countries: str
    given: str
    family: str
    pattern: str = "{given} {family}"

    def people(self) -> list[tuple[str, str]]:
        """Every name with its `given.family` in Latin letters."""
        pairs = product(_words(self.given), _words(self.family))
        return [
            (
                self.pattern.format(given=given, family=family),
                f"{latin_given}.{latin_family}",
            )
            for (given, latin_given), (family, latin_family) in pairs
        ]


def _words(text):
    """[(as written, in Latin letters)]; an underscore stands for a blank."""
    pairs = [word.replace("_", " ").partition("/") for word in text.split()]
    return [(written, latin or written) for written, _, latin in pairs]


FAMILY_FIRST = "{family} {given}"
FAMILY_FIRST_JOINED = "{family}{given}"

NAMES = (
    Names(
        "DE AT LI LU",
        "Anna Jürgen/juergen Käthe/kaethe Björn/bjoern Sören/soeren Heike Günther/guenther Lena Matthias "
        "Ülkü/uelkue Franziska Götz/goetz Hannelore Jens-Uwe Mareike Tobias",
        "Müller/mueller Weißenfels/weissenfels Schröder/schroeder Großkopf/grosskopf Öztürk/oeztuerk "
        "Jäger/jaeger Lindner Köhler/koehler Hübner/huebner Vogt von_Böhlau/vonboehlau Strauß/strauss",
    ),
    Names(
        "CH",
        "Reto Ursina Beat Noémie Luca Vreni",
        "Ammann Zürcher/zuercher Favre Bianchetti Wüthrich/wuethrich Rochat",
    ),
    Names(
        "FR BE MA DZ",
        "Élodie François Zoé Jérôme Anaïs Benoît Aïcha Hélène",
        "Lefèvre Garçon Dupré Béranger Benhaddou d'Aubigné/daubigne Noël Moreau-Petit",
    ),
    Names(
        "NL", "Joost Anneke Daniël Femke Sjoerd Zoë", "de_Vries/devries van_'t_Hof/vanthof Brouwer Coenraadts"
    ),
    Names(
        "GB IE US CA AU NZ SG ZA AQ --",
        "Oliver Siân Callum Niamh Zoe Hamish Priya Grace Desmond Chloe Marcus Aoife Tyler Wesley Naomi",
        "Hartley O'Brien/obrien Pemberton MacLeod Okafor Ellison St._John-Smythe/stjohnsmythe Nguyen "
        "Fairweather Whitlock Ramanathan Castellano",
    ),
    Names(
        "ES MX CO VE PE CL AR",
        "José Íñigo María_del_Mar/mariadelmar Begoña Ramón Lucía Andrés Ximena",
        "Núñez Peñalver García_Ibáñez/garciaibanez Güell Muñoz Zárate Echeverría Quiñones",
    ),
    Names(
        "PT BR", "João Inês Conceição Tomás Letícia Antônio", "Gonçalves Simões Araújo Magalhães da_Luz/daluz"
    ),
    Names(
        "IT MT",
        "Niccolò Chiara Ruggero Beatrice Nicolò Agnese",
        "D'Angelo/dangelo Fabbri Perotti Zammit Nardò Conti",
    ),
    Names(
        "GR CY",
        "Ελένη/eleni Σοφία/sofia Κατερίνα/katerina Δέσποινα/despina",
        "Παπαδοπούλου/papadopoulou Καραγιάννη/karagianni Οικονόμου/oikonomou Ξενάκη/xenaki",
    ),
    Names("GR", "Γιώργος/giorgos Ανδρέας/andreas", "Ιωάννου/ioannou Θεοχάρης/theocharis Ψαράς/psaras"),
    Names(
        "TR AZ", "Işıl İbrahim Gülşah Çağrı Özge Ümit Ayşe Tuğba", "Yıldız Şahin Çınar Güneş İnce Doğan Öğüt"
    ),
    Names(
        "PL",
        "Łukasz Małgorzata Grzegorz Żaneta Michał Agnieszka",
        "Wójcik Gołąb Król Żak Wróbel Szczęsny Kaczmarek",
    ),
    Names("CZ SK", "Jiří Ondřej Zdeněk Ľuboš", "Říha Dvořák Kučera Šťastný Hřebíček"),
    Names("HU", "Ágnes Győző Zsófia Örs Bálint Tünde", "Nagy Szűcs Kőműves Főző Török", FAMILY_FIRST),
    Names("RO", "Ștefan Ioana Mihnea Ruxandra", "Țăranu Brânză Șerban Ionescu"),
    Names(
        "UA",
        "Олена/olena Богдан/bohdan Ївга/yivha Марко/marko",
        "Шевченко/shevchenko Ткач/tkach Бойчук/boichuk Лисиця/lysytsia",
    ),
    Names("BG", "Стефан/stefan Пламен/plamen", "Петков/petkov Илиев/iliev"),
    Names("RS", "Милица/milica Љубиша/ljubisa", "Јовановић/jovanovic Ђорђевић/djordjevic"),
    Names("MN", "Сараа/saraa Тэмүүлэн/temuulen", "Доржийн/dorjiin Батын/batyn", FAMILY_FIRST),
    Names(
        "RU KZ",
        "Алексей/alexei Фёдор/fyodor Юрий/yuri Тимур/timur",
        "Щербаков/shcherbakov Жуков/zhukov Ёлкин/yolkin Соколов/sokolov",
    ),
    Names("RU", "Наталья/natalya Ольга/olga", "Белова/belova Цветкова/tsvetkova Ильина/ilyina"),
    Names("LT LV EE", "Ąžuolas Jānis Õnne Žydrūnė Ülle", "Bērziņš Kask Žukauskas Mägi Ozoliņa"),
    Names("HR SI", "Željko Đurđica Čedomir Anđela", "Šarić Žagar Đurić Kovačič"),
    Names("FI", "Äijö Päivi Jyrki Tuulikki", "Hämäläinen Mäkelä Yrjölä Lindström"),
    Names(
        "SE NO DK",
        "Åsa Søren Björn Ragnhild Frøya Göran Kåre Linnéa",
        "Ångström-Lie/angstrom.lie Østergård Sjöberg Bjørnstad Lindqvist Nygård",
    ),
    Names("IS", "Þórdís Guðrún Æsa", "Jónsdóttir Þorvaldsdóttir Ægisdóttir"),
    Names("IL", "נועה/noa יואב/yoav תמר/tamar איתן/eitan", "כהן/cohen לביא/lavi שגב/segev בן־חיים/benhaim"),
    Names(
        "EG SA AE JO MA",
        "ليلى/layla يوسف/yusuf فاطمة/fatima خالد/khalid نور/nour طارق/tariq",
        "الحداد/alhaddad منصور/mansour الزهراني/alzahrani قاسم/qasim النجار/alnajjar",
    ),
    Names(
        "IR AF",
        "شیرین/shirin بهرام/bahram نازنین/nazanin آرش/arash",
        "رستمی/rostami کاظمی/kazemi پناهی/panahi",
    ),
    Names("PK", "عائشہ/ayesha بلال/bilal زینب/zainab", "چوہدری/chaudhry ملک/malik قریشی/qureshi"),
    Names(
        "IN NP",
        "प्रिया/priya अर्जुन/arjun कृष्णा/krishna लक्ष्मी/lakshmi मीरा/meera",
        "शर्मा/sharma मिश्रा/mishra गुप्ता/gupta त्रिपाठी/tripathi",
    ),
    Names("IN", "மீனாட்சி/meenakshi கார்த்திக்/karthik", "சுப்பிரமணியம்/subramaniam இளங்கோவன்/ilangovan"),
    Names("IN BD", "অনন্যা/ananya সুমন/sumon রিয়া/riya", "চৌধুরী/chowdhury সরকার/sarkar হক/haque"),
    Names("LK", "නිමාලි/nimali සුනිල්/sunil", "පෙරේරා/perera ජයසිංහ/jayasinghe"),
    Names("MM", "မောင်/maung သီတာ/thida", "ဝင်း/win ထွန်း/tun"),
    Names("TH", "สมชาย/somchai พิมพ์ชนก/pimchanok อนุชา/anucha", "ใจดี/jaidee แก้วมณี/kaewmanee ศรีสุข/srisuk"),
    Names("LA", "ບຸນມີ/bounmy ດາວ/dao", "ວົງສາ/vongsa ສີສຸກ/sisouk"),
    Names("KH", "សុខា/sokha ចាន់/chan", "ហេង/heng លី/ly", FAMILY_FIRST),
    Names("VN", "Thị_Hương/huong Đức Quỳnh Văn_Nghĩa/nghia", "Nguyễn Trần Đặng Phạm Vũ", FAMILY_FIRST),
    Names(
        "CN",
        "晓梅/xiaomei 建国/jianguo 伟/wei 雨桐/yutong 志强/zhiqiang",
        "王/wang 欧阳/ouyang 刘/liu 陈/chen 赵/zhao",
        FAMILY_FIRST_JOINED,
    ),
    Names(
        "TW HK",
        "淑芬/shufen 家豪/jiahao 美玲/meiling",
        "林/lin 黃/huang 張/zhang 謝/xie",
        FAMILY_FIRST_JOINED,
    ),
    Names(
        "JP",
        "さくら/sakura 健太郎/kentaro 美咲/misaki 誠/makoto ユリ/yuri",
        "山口/yamaguchi 渡邊/watanabe 髙橋/takahashi 佐々木/sasaki",
        FAMILY_FIRST,
    ),
    Names(
        "KR",
        "서연/seoyeon 민준/minjun 지우/jiwoo 하은/haeun",
        "김/kim 박/park 최/choi 남궁/namgung",
        FAMILY_FIRST_JOINED,
    ),
    Names("GE", "ნინო/nino გიორგი/giorgi", "ბერიძე/beridze კაპანაძე/kapanadze"),
    Names("AM", "Անի/ani Տիգրան/tigran", "Պետրոսյան/petrosyan Սարգսյան/sargsyan"),
    Names("UZ", "Gulnora Jasur", "Yo'ldoshev/yuldoshev Karimov"),
    Names(
        "ID MY PH",
        "Siti Budi Nurul Wayan Niño Aisyah",
        "Hartono binti_Rahman/rahman Wijaya Peñafrancia Saputra",
    ),
    Names("WS KI NZ", "Hēmi Leilani Tāne Sefo", "Tūhoe Fa'alogo/faalogo Ngāti Vaimauga"),
    Names("NG GH", "Ọláyínká/olayinka Chidi Ngọzi Kwabena", "Adébáyọ̀/adebayo Ọkọ́nkwọ́/okonkwo Mensah"),
    Names("KE TZ", "Wanjiru Baraka Njeri", "Kamau Mwangi Abdallah"),
    Names("ET", "ሰላም/selam ዳዊት/dawit", "ተስፋዬ/tesfaye በቀለ/bekele"),
    Names("CA", "ᐱᑕ/pita ᐊᓇ/ana", "ᐊᕐᓇᖅ/arnaq"),
)


def names_of(country: str) -> list[Names]:
    return [names for names in NAMES if country in names.countries.split()]
