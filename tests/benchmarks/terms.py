"""What is searched for: texts of the data from no hit to most rows, and those that trouble other searches."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

from ems_site.folding import search_term
from tests.benchmarks.lists import List

DRAWN, ROWS, SAMPLE, RARE = 60, 150, 5_000, 400
NONE, HOSTILE = "none", "hostile"
HOSTILE_TEXTS = (
    # Two common words that stand together late in the alphabet only.
    *("united global", "zephyr", "zzz", "global united"),
    # Punctuation only.
    *("%", "_", "...", "@", "- -", "(&)", "' OR 1=1 --", "*", "\\", "#4711)"),
    # One and two characters.
    *("a", "z", "0", "in", "gm", "c-", "zz", "式", "ß"),
    # Long ones.
    *("x" * 500, ("united global inc " * 30)[:500], ("müller & söhne " * 40)[:500]),
    # Other scripts, other forms.
    *(
        "株式会社",
        "東京電機",
        "有限公司",
        "서울",
        "ООО",
        "συστήματα",
        "شركة",
        "תוכנה",
        "உத்",
        "🙂",
        "ＧＭＢＨ",
        "İSTANBUL",
    ),
)


@dataclass(frozen=True)
class Term:
    """`hits` rows match; kind is the magnitude it was drawn for, or why it is here."""

    text: str
    hits: int
    kind: str

    def query(self, sort: str = "") -> str:
        return urlencode({"q": self.text} | ({"sort": sort} if sort else {}))

    def shown(self) -> str:
        return self.text if len(self.text) <= 30 else f"{self.text[:24]}… ({len(self.text)} signs)"


def hostile(shown: List) -> list[Term]:
    return [Term(text, shown.count(text), HOSTILE) for text in HOSTILE_TEXTS]


def drawn(shown: List, seed: int, number: int = DRAWN) -> list[Term]:
    """From texts of rows taken by chance: as many of each magnitude of hits, and some without any."""
    random = Random(f"terms/{seed}")
    rows = shown.model.objects.filter(pk__in=_places(shown, random, ROWS)).order_by("pk")
    texts = [text for row in rows for text in _texts(row, random)]
    texts = list(dict.fromkeys(text for text in texts if len(search_term(text)) >= 3))
    random.shuffle(texts)
    by_magnitude: dict[int, list[Term]] = {}
    for term in _counted(shown, texts, random):
        by_magnitude.setdefault(len(str(term.hits)), []).append(term)
    chosen = _misses(shown, texts, number // 8)
    while len(chosen) < number and any(by_magnitude.values()):
        for magnitude in sorted(by_magnitude):
            if by_magnitude[magnitude] and len(chosen) < number:
                chosen.append(by_magnitude[magnitude].pop())
    return [_exact(shown, term) for term in chosen]


def _texts(row, random) -> Iterator[str]:
    """Words, pairs of words and parts of what it is found by."""
    for _, text in row.search_texts():
        words = re.findall(r"\w+", text)
        yield text[:60]
        yield from random.sample(words, min(2, len(words)))
        if len(words) > 1:
            place = random.randrange(len(words) - 1)
            yield f"{words[place]} {words[place + 1]}"
        if len(text) > 4:
            place = random.randrange(len(text) - 3)
            yield text[place : place + random.choice((3, 3, 4, 6))].strip()
        yield text[:3].upper()


def _counted(shown, texts, random) -> Iterator[Term]:
    """Common ones are counted in a sample, rare ones among all rows."""
    sample = shown.model.objects.filter(pk__in=_places(shown, random, SAMPLE))
    keys = list(sample.values_list("search_key", flat=True))
    rare = 0
    for text in texts:
        term = search_term(text)
        hits = sum(term in key for key in keys) * shown.rows // len(keys)
        if hits:
            yield Term(text, hits, "drawn")
        elif rare < RARE:
            rare += 1
            yield Term(text, shown.count(text), "drawn")


def _misses(shown, texts, number):
    changed = (
        f"{text[:20]}{end}"
        for text, end in zip(texts, ("qzx", " wyvern", "@@", "ßß") * len(texts), strict=False)
    )
    found = []
    for text in changed:
        if not shown.count(text):
            found.append(Term(text, 0, NONE))
        if len(found) == number:
            break
    return found


def _places(shown, random, number):
    return [random.randrange(1, shown.rows + 1) for _ in range(number)]


def _exact(shown, term):
    return Term(term.text, shown.count(term.text), term.kind)


def nearest(terms: list[Term], hits: float) -> Term:
    """The one whose hits come nearest to so many."""
    return min(terms, key=lambda term: abs(term.hits - hits))
