"""What companies, people and products of the data set are called, by language.

A text in another script is written with its Latin form behind a slash, for e-mail addresses.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """How names are put together: `company` joins what it names of the other words."""

    code: str
    company: tuple[str, ...]
    firsts: str
    lasts: str
    places: str
    trades: str
    joint: str = " "


ENGLISH = Language(
    "en",
    (
        "{stem} {trade} {legal}",
        "{last} {trade} {legal}",
        "{last} & {other} {legal}",
        "{place} {trade} {legal}",
        "{big} {trade} {legal}",
        "{stem} {big} {trade} {legal}",
        "{stem} {legal}",
        "{last}'s {trade}",
        "{stem}-{last} {trade} {legal}",
    ),
    "James Mary Robert Patricia John Jennifer Michael Linda David Susan Emma Olivia Noah Liam "
    "Grace Aoife Rhys Ana-Maria",
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Wilson Anderson Taylor Thomas Moore "
    "Jackson Martin Lee Thompson "
    "White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams "
    "Nelson Baker Hall Campbell "
    "O'Brien O'Connor McDonald Fitzgerald Vincent Lincoln Quincy Zimmerman Yates Wood Underhill",
    "Boston Denver Austin Seattle Portland Princeton Springfield Riverside Fairview Lakewood "
    "Cambridge Bristol Leeds York Cork",
    "Systems Software Industries Logistics Foods Energy Medical Instruments Partners Consulting "
    "Holdings Robotics Aerospace "
    "Analytics Networks Materials Plastics Steel Chemicals Insurance Bank Media Studios Farms "
    "Mining Marine Optics Labs "
    "Services Solutions Technologies Group International Manufacturing Engineering Pharmaceuticals",
)
GERMAN = Language(
    "de",
    (
        "{last} {trade} {legal}",
        "{last} & Söhne {trade} {legal}",
        "{last} + {other} {legal}",
        "{place}er {trade} {legal}",
        "{stem} {trade} {legal}",
        "{trade} {place} {legal}",
    ),
    "Anna Jürgen Björn Käthe Thomas Sabine Jörg Günther Heike Lukas Leonie Frauke Özlem Stefan "
    "Ute Andreas Brigitte Änne",
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch "
    "Bauer Richter Klein Wolf Schröder "
    "Neumann Schwarz Zimmermann Braun Krüger Hofmann Lange Krause Lehmann Köhler Maier König Weiß "
    "Jäger Groß Böhm Fuß Öztürk",
    "Berlin Hamburg München Köln Düsseldorf Gießen Würzburg Lübeck Göttingen Nürnberg Zürich Wien "
    "Straßburg Osnabrück",
    "Maschinenbau Meßtechnik Software Logistik Straßenbau Gießerei Prüftechnik Gebäudetechnik "
    "Großhandel Druckerei Möbelwerk "
    "Anlagenbau Elektronik Süßwaren Getränke Verpackung Lüftungstechnik Versicherung "
    "Steuerberatung Medizintechnik",
)
FRENCH = Language(
    "fr",
    (
        "{last} {trade} {legal}",
        "Société {trade} de {place}",
        "{stem} {trade} {legal}",
        "Établissements {last} {legal}",
    ),
    "Élodie François Zoé Jérôme Céline Rémi Noémie Gaël Hélène Benoît Anaïs Loïc",
    "Lefèvre Dubois Moreau Girard Bérenger Garçon Noël Château Le-Goff D'Aubigné Müller Fontaine",
    "Orléans Besançon Nîmes Saint-Étienne Liège Genève Québec Béziers",
    "Énergie Mécanique Céramique Logistique Informatique Boulangerie Électricité Conseil Pêcherie",
)
SPANISH = Language(
    "es",
    (
        "{trade} {last} {legal}",
        "{stem} {trade} {legal}",
        "{trade} de {place} {legal}",
        "Hermanos {last} {legal}",
    ),
    "José María Lucía Martín Sofía Jesús Begoña Álvaro Íñigo Inés Andrés Mónica",
    "Muñoz Ibáñez González Núñez Pérez Ordóñez Castaño Güell Peña Díaz Vélez Araújo",
    "Málaga Logroño Cádiz León Bogotá Medellín São-Paulo Mérida",
    "Ingeniería Viñedos Construcción Química Diseño Pesquería Telefonía Cerámica Automoción",
)
POLISH = Language(
    "pl",
    ("{stem} {trade} {legal}", "{trade} {last} {legal}", "{place} {trade} {legal}"),
    "Łukasz Agnieszka Paweł Małgorzata Zbigniew Bożena Świętosława Jiří Šárka Ondřej",
    "Wójcik Kowalczyk Żuraw Łoś Dąbrowski Świątek Zięba Nowák Dvořák Říha Šťastný",
    "Łódź Kraków Gdańsk Plzeň Žilina Wrocław",
    "Łożyska Oprogramowanie Młyn Żegluga Przędzalnia Strojírna Sklárna Ocelárna",
)
TURKISH = Language(
    "tr",
    ("{last} {trade} {legal}", "{stem} {trade} {legal}", "{place} {trade} {legal}"),
    "Işık Çağla Güneş Ömer Şule İbrahim Ayşe Gökçe",
    "Yıldız Çınar Şahin Öztürk Kılıç Doğan Aydın Güçlü",
    "İstanbul İzmir Muğla Eskişehir Şanlıurfa",
    "Elektronik İplik Taşımacılık Gıda İhracat Yazılım Çelik İnşaat",
)
NORDIC = Language(
    "sv",
    ("{last} {trade} {legal}", "{place} {trade} {legal}", "{stem} {trade} {legal}"),
    "Åsa Björn Øyvind Søren Þóra Käthe Håkon Mäkinen Jón",
    "Ångström Sjöberg Bjørnstad Sørensen Hämäläinen Þórsson Ægirsson Lindqvist",
    "Malmö Tromsø Århus Jyväskylä Reykjavík Göteborg",
    "Sågverk Rederi Fiskeri Mølleværk Ohjelmistot Järnverk Læknar Energi",
)
GREEK = Language(
    "el",
    ("{last} {trade} {legal}", "{trade} {place} {legal}"),
    "Ελένη/eleni Γιώργος/giorgos Μαρία/maria Νίκος/nikos Σοφία/sofia",
    "Παπαδόπουλος/papadopoulos Θαλασσινός/thalassinos Ιωάννου/ioannou Κόκκινος/kokkinos",
    "Αθήνα/athina Πάτρα/patra Χανιά/chania",
    "Ναυτιλιακή/naftiliaki Συστήματα/systimata Ενέργεια/energeia Λογισμικό/logismiko",
)
CYRILLIC = Language(
    "ru",
    ("{legal} «{place} {trade}»", "{last} {trade} {legal}", "{trade} {last}"),
    "Анна/anna Юрий/yuri Ольга/olga Дмитро/dmytro Милена/milena Фёдор/fedor",
    "Иванов/ivanov Шевченко/shevchenko Соловьёв/solovyov Їжак/yizhak Петровић/petrovic Щукин/shchukin",
    "Київ/kyiv Москва/moskva София/sofia Београд/beograd Ёлкино/yolkino",
    "Прибор/pribor Лесосплав/lesosplav Энергия/energiya Логістика/logistyka Софт/soft Сталь/stal",
)
JAPANESE = Language(
    "ja",
    ("{legal}{place}{trade}", "{last}{trade}{legal}", "{legal}{last}{trade}"),
    "花子/hanako 太郎/taro 美咲/misaki 健/ken さくら/sakura",
    "田中/tanaka 佐藤/sato 鈴木/suzuki 髙橋/takahashi 渡邉/watanabe 山本/yamamoto",
    "東京/tokyo 大阪/osaka 名古屋/nagoya 札幌/sapporo 京都/kyoto",
    "電機/denki ソフトウェア/software 製作所/seisakusho 工業/kogyo システム/system 水産/suisan",
    "",
)
CHINESE = Language(
    "zh",
    ("{place}{last}{trade}{legal}", "{place}{trade}{legal}"),
    "伟/wei 芳/fang 秀英/xiuying 敏/min 志明/zhiming",
    "王/wang 李/li 张/zhang 陈/chen 歐陽/ouyang 星辰/xingchen 长江/changjiang",
    "北京/beijing 上海/shanghai 深圳/shenzhen 臺北/taipei 成都/chengdu",
    "科技/keji 软件/ruanjian 电子/dianzi 物流/wuliu 能源/nengyuan 精密仪器/jingmiyiqi",
    "",
)
KOREAN = Language(
    "ko",
    ("{legal} {last}{trade}", "{place} {trade} {legal}"),
    "민수/minsu 지영/jiyoung 서연/seoyeon 현우/hyunwoo",
    "김/kim 이/lee 박/park 최/choi 한빛/hanbit 대한/daehan",
    "서울/seoul 부산/busan 대구/daegu",
    "전자/jeonja 소프트/soft 물산/mulsan 기계/gigye 에너지/energy",
    "",
)
ARABIC = Language(
    "ar",
    ("شركة {place} {trade}", "{last} {trade}", "{trade} {place}"),
    "فاطمة/fatima محمد/mohammed ليلى/layla دוד/david רחל/rachel",
    "الهاشمي/alhashimi النجار/alnajjar منصور/mansour כהן/cohen לוי/levi",
    "القاهرة/cairo دبي/dubai الرياض/riyadh חיפה/haifa",
    "للطاقة/energy للبرمجيات/software للمنسوجات/textiles תוכנה/tochna",
)
HINDI = Language(
    "hi",
    ("{last} {trade} {legal}", "{place} {trade} {legal}"),
    "अनिता/anita राजेश/rajesh प्रिया/priya விஜய்/vijay",
    "शर्मा/sharma सिंह/singh गुप्ता/gupta முருகன்/murugan",
    "मुंबई/mumbai दिल्ली/delhi சென்னை/chennai",
    "उद्योग/udyog प्रणाली/pranali ऊर्जा/urja மென்பொருள்/menporul",
)


@dataclass(frozen=True)
class Country:
    """`share` weighs it among the others; the legal forms stand as often as they are chosen."""

    code: str
    share: float
    language: Language
    legal: tuple[str, ...]
    zones: tuple[str, ...]
    dial: str


COUNTRIES = (
    Country(
        *("US", 42, ENGLISH, ("Inc", "Inc.", "Inc", "Inc", "Inc", "Inc.", "LLC", "Corp.", "LLC")),
        *(("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"), "+1"),
    ),
    Country("CA", 5, ENGLISH, ("Inc", "Ltd"), ("America/Toronto", "America/Vancouver"), "+1"),
    Country("GB", 9, ENGLISH, ("Ltd", "plc", "LLP"), ("Europe/London",), "+44"),
    Country("AU", 2, ENGLISH, ("Pty Ltd",), ("Australia/Sydney", "Australia/Perth"), "+61"),
    Country("DE", 13, GERMAN, ("GmbH", "AG", "GmbH & Co. KG", "e. K."), ("Europe/Berlin",), "+49"),
    Country("AT", 2, GERMAN, ("GmbH", "Ges.m.b.H."), ("Europe/Vienna",), "+43"),
    Country("CH", 2, GERMAN, ("AG", "GmbH"), ("Europe/Zurich",), "+41"),
    Country("FR", 5, FRENCH, ("SARL", "S.A.", "SAS"), ("Europe/Paris",), "+33"),
    Country("ES", 3, SPANISH, ("S.L.", "S.A."), ("Europe/Madrid",), "+34"),
    Country("MX", 2, SPANISH, ("S.A. de C.V.",), ("America/Mexico_City",), "+52"),
    Country("PL", 3, POLISH, ("Sp. z o.o.", "S.A."), ("Europe/Warsaw", "Europe/Prague"), "+48"),
    Country("TR", 2, TURKISH, ("A.Ş.", "Ltd. Şti."), ("Europe/Istanbul",), "+90"),
    Country("SE", 3, NORDIC, ("AB", "A/S", "Oy", "ehf."), ("Europe/Stockholm", "Europe/Oslo"), "+46"),
    Country("GR", 1, GREEK, ("Α.Ε.", "Ε.Π.Ε."), ("Europe/Athens",), "+30"),
    Country("UA", 2, CYRILLIC, ("ТОВ", "ООО", "ООД"), ("Europe/Kyiv", "Europe/Sofia"), "+380"),
    Country("JP", 3, JAPANESE, ("株式会社", "有限会社"), ("Asia/Tokyo",), "+81"),
    Country("CN", 3, CHINESE, ("有限公司", "股份有限公司"), ("Asia/Shanghai", "Asia/Taipei"), "+86"),
    Country("KR", 1.5, KOREAN, ("주식회사", "(주)"), ("Asia/Seoul",), "+82"),
    Country("AE", 1.5, ARABIC, ("",), ("Asia/Dubai", "Africa/Cairo", "Asia/Jerusalem"), "+971"),
    Country("IN", 1, HINDI, ("Pvt. Ltd.", "लिमिटेड"), ("Asia/Kolkata",), "+91"),
)
BIG = "Global United Allied Premier General National Advanced Pacific Atlantic Northern First"
STEMS = (
    "Nor Vel Bre Tal Mir Quo Zan Lum Ark Sol Fen Hal Cor Dax Ely Gry Ivo Kel Ost Pra Rho Syl Tor Vex Xen Yar",
    "ta vi lo ra ne mo di ka se ru xi bo la fe",
    "x n ris dor via tec lis gen mark nova soft ware field data",
)
LATE = "Walter Xylon York Zander Zephyr Zimmer"
PRODUCTS = (
    "Atlas Borealis Cascade Delta Ember Fathom Granite Horizon Ion Juniper Keystone Lattice "
    "Meridian Nimbus Prisma"
)
EDITIONS = "Server Desktop Cloud Viewer Analyzer Größenmessung Prüfstand Connector SDK Enterprise"
ABOUT = (
    "Key account since the merger",
    "Pays by quarterly invoice",
    "Support contract: gold, 24/7",
    "Wünscht Rechnungen per E-Mail",
    "Reseller for the whole region",
    "Audit planned for next spring",
    "Migrated from the old system (ticket #4711)",
    "100% on-premises; no cloud",
    "Ansprechpartner wechselt häufig",
    "see CRM note of the sales team",
)
