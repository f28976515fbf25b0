"""Names, addresses and texts, drawn by chance from the words of a language."""

import re
from dataclasses import dataclass
from functools import cache
from random import Random

from customers.models import READABLE
from ems_site.folding import sort_key
from tests.benchmarks.words import ABOUT, BIG, COUNTRIES, LATE, STEMS, Country

SHARES = [country.share for country in COUNTRIES]
# Both words are common; together they stand late in the alphabet only.
LATE_SHARE = 0.0025
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
READABLE_IDS = len(READABLE) ** 6


@cache
def words(text: str) -> tuple[tuple[str, str], ...]:
    """Each word with its Latin form."""
    pairs = (word.partition("/") for word in text.replace("São-Paulo", "São Paulo").split())
    return tuple((written, latin or plain(written)) for written, _, latin in pairs)


@cache
def plain(word: str) -> str:
    """As it stands in an e-mail address."""
    return re.sub("[^a-z0-9]", "", sort_key(word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")))


def numeral(number: int, digits: str = ALPHABET, length: int = 1) -> str:
    """The number in the digits of another alphabet."""
    written = ""
    while number or len(written) < length:
        number, digit = divmod(number, len(digits))
        written = digits[digit] + written
    return written


def customer_id(number: int, shift: int) -> str:
    """Like those that are made up, and another one for each number."""
    return "C-" + numeral((number * 61_803_401 + shift) % READABLE_IDS, READABLE, 6)


def stem(random: Random) -> str:
    first, middle, last = map(str.split, STEMS)
    middles = "".join(random.choices(middle, k=random.choice((0, 1, 1, 2))))
    return random.choice(first) + middles + random.choice(last)


@dataclass(frozen=True)
class Company:
    country: Country
    name: str
    domain: str


def company(random: Random) -> Company:
    country = random.choices(COUNTRIES, SHARES)[0]
    language = country.language
    parts = {
        "stem": stem(random),
        "last": random.choice(words(language.lasts)),
        "other": random.choice(words(language.lasts)),
        "place": random.choice(words(language.places)),
        "trade": random.choice(words(language.trades)),
        "big": random.choice(BIG.split()),
        "legal": random.choice(country.legal),
    }
    pattern = random.choice(language.company)
    if random.random() < LATE_SHARE:
        pattern = f"{random.choice(LATE.split())} {{stem}} United Global {{trade}} {{legal}}"
    written = {name: part if isinstance(part, str) else part[0] for name, part in parts.items()}
    name = pattern.format(**written).strip()
    if random.random() < 0.02:
        name = name.upper()
    named = [part for name, part in parts.items() if name != "legal" and f"{{{name}}}" in pattern]
    latin = [plain(part) if isinstance(part, str) else part[1] for part in named]
    domain = "-".join(latin[: random.choice((1, 2, 2))])
    ending = random.choices(("example.com", "example", "example.org", "büro.example"), (55, 30, 12, 3))[0]
    return Company(country, name, f"{domain}.{ending}")


def person(random: Random, company: Company) -> tuple[str, str]:
    """A name, and what stands before the @."""
    language = company.country.language
    first, last = random.choice(words(language.firsts)), random.choice(words(language.lasts))
    written = f"{first[0]} {last[0]}" if language.joint else f"{last[0]}{first[0]}"
    desk = "einkauf+it" if language.code == "de" else "orders"
    locals_ = f"{first[1]}.{last[1]}", f"{first[1][0]}.{last[1]}", f"{last[1]}_{first[1]}", "info", desk
    return written, random.choices(locals_, (45, 25, 15, 10, 5))[0]


def description(random: Random) -> str:
    joint = "\n" if random.random() < 0.2 else ". "
    return joint.join(random.sample(ABOUT, random.choice((1, 1, 2, 3))))


def phone(random: Random, company: Company) -> str:
    return f"{company.country.dial} {random.randrange(100, 1000)} {random.randrange(10**4, 10**7)}"


def crm_id(random: Random) -> str:
    return "0015g00000" + "".join(random.choices(ALPHABET[10:].upper() + ALPHABET, k=8))
