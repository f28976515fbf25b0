"""What fills the smaller attributes."""

DESCRIPTIONS = (
    "Key account.\nQuarterly review with the account manager; renewal talks start in autumn.",
    "Reseller, buys for its own customers as well.",
    "Air-gapped site: licenses are activated by file only.\nAsk for the site contact before any change.",
    "Großkunde, Rahmenvertrag bis Ende nächsten Jahres.\nRechnungen bitte nur elektronisch.",
    "Zwei Standorte:\n- Werk I: Fertigung\n- Werk II: Versand und Ersatzteile",
    "Client historique, contrat-cadre renouvelé chaque année en décembre.",
    "Cliente desde 2016. Facturación en dólares.",
    "Evaluation until the end of the quarter, 25 seats.",
    "University discount applies.",
    "Uses a floating license server in each plant:\nPlant A: 40 seats\nPlant B: 15 seats\nPlant C: 5 seats",
    "Formerly two customers; merged after the take-over.",
    "Support level: Gold. 24 × 7.",
    "Needs licenses in UTC although the plant is elsewhere, see the contract, § 4.",
    "契約更新は毎年四月。\n担当者は年度ごとに交代。",
    "年度框架协议,每季度对账一次。",
    "Договор продлевается ежегодно.\nСчета — только на русском языке.",
    "العقد الإطاري ساري حتى نهاية العام القادم.",
    "Pays by purchase order only; 60 days net.",
    "Pilot for the new activation portal ☂",
    "Trial of the maintenance module. Decision expected after the trade fair.",
)

DISABLED_BECAUSE = (
    "Insolvency proceedings, nothing may be shipped.",
    "Contract ended and not renewed.",
    "Payment overdue for 90 days.",
    "Taken over; entitlements will be moved to the buyer.",
    "Zahlungsverzug, dritte Mahnung.",
    "Export control: on hold until legal has answered.",
    "Requested by the customer.",
    "",
)
LEFT_BECAUSE = ("Left the company.", "Address bounces.", "Asked to be removed from all mail.", "")

# Whom an Administrator has invited to one of its customers. Nobody of this name is a contact.
COLLEAGUE = "rowan.ashdown@example.net"
# Where contacts log on from: addresses for documentation, with a place for the last number.
NETWORKS = ("192.0.2.{}", "198.51.100.{}", "203.0.113.{}", "2001:db8:40c:1::{}", "2001:db8:a11:7f00::{}")

# What a customer was called before, by the short name of the company.
FORMER_NAMES = {
    "tannrode": "Tannroder Feinmechanik KG",
    "eiderlicht": "Eiderlicht Soft GmbH",
    "alpenfirn": "Alpenfirn Drehteile AG",
    "beauvallet": "Beauvallet Père et Fils",
    "scheldewind": "Scheldewind Projecten BV",
    "pennyfarrow": "Pennyfarrow and Co. Ltd",
    "ferrobianco": "Ferrobianco di R. Conti S.r.l.",
    "isikdag": "Isikdag Elektronik",
    "zolwinska": "Zolwinska Fabryka Lozysk",
    "gidrolad": "Гідролад",
    "severnyles": "Северный Лес",
    "soebjerg": "Soebjerg Moelleværk",
    "wahatnoor": "واحة الضياء",
    "himkiran": "Himkiran Yantra Udyog",
    "yushanguang": "玉嵐光學有限公司",
    "kasumisokki": "霞ヶ瀬測器製作所",
    "haneulsaem": "하늘샘정밀",
    "hudsonfalls": "Hudson Falls Turbines",
    "jacarandati": "Jacaranda TI",
    "mapleforge": "Mapleforge Inst.",
}

_CODES = (
    "AE+971 AF+93 AM+374 AQ+672 AR+54 AT+43 AU+61 AZ+994 BD+880 BE+32 BG+359 BR+55 CA+1 CH+41 CL+56 "
    "CN+86 CO+57 CY+357 CZ+420 DE+49 DK+45 DZ+213 EE+372 EG+20 ES+34 ET+251 FI+358 FR+33 GB+44 GE+995 "
    "GH+233 GR+30 HK+852 HR+385 HU+36 ID+62 IE+353 IL+972 IN+91 IR+98 IS+354 IT+39 JO+962 JP+81 KE+254 "
    "KH+855 KI+686 KR+82 KZ+7 LA+856 LI+423 LK+94 LT+370 LU+352 LV+371 MA+212 MM+95 MN+976 MT+356 MX+52 "
    "MY+60 NG+234 NL+31 NO+47 NP+977 NZ+64 PE+51 PH+63 PK+92 PL+48 PT+351 RO+40 RS+381 RU+7 SA+966 SE+46 "
    "SG+65 SI+386 SK+421 TH+66 TR+90 TW+886 TZ+255 UA+380 US+1 UZ+998 VE+58 VN+84 WS+685 ZA+27 --+1"
)
CALLING_CODES = dict(pair.split("+") for pair in _CODES.split())
