"""Keys under which texts are found again: pure functions, the only place where case is folded.

An identity key decides whether two names are the same. A search key is made to be found in;
it also forgives accents, and survives trigram indexes, which drop punctuation.
"""

import unicodedata
from collections.abc import Iterable

# PostgreSQL's trigrams consist of letters and digits only, so each ASCII punctuation mark and the
# space stand as a letter of their own, taken from the Vai script.
PUNCTUATION = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
LETTER_OF = {ord(mark): chr(0xA500 + place) for place, mark in enumerate(PUNCTUATION)}
LINE_START = LETTER_OF[ord(" ")]

# Letters that people type without their stroke or as two, and that Unicode does not decompose.
PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
ACCENTS = range(0x0300, 0x0370)


def identity_key(text: str) -> str:
    """Equal for texts that differ in case, width or compatibility forms only (ß equals ss)."""
    folded = unicodedata.normalize("NFKC", text.strip()).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def sort_key(text: str) -> str:
    """The identity key without accents."""
    decomposed = unicodedata.normalize("NFKD", identity_key(text))
    bare = "".join(mark for mark in decomposed if ord(mark) not in ACCENTS)
    return unicodedata.normalize("NFKC", bare).translate(PLAIN_LETTERS).strip()


def search_term(text: str) -> str:
    """What to look for in a search key; blanks around and repeated do not count."""
    encodable = text.encode("utf-8", "ignore").decode().replace("\0", "")
    return " ".join(sort_key(encodable).split()).translate(LETTER_OF)


def search_key(texts: Iterable[str]) -> str:
    """One line for each text that is not empty, each beginning with the letter for a space."""
    terms = (search_term(text) for text in texts)
    return "\n".join(LINE_START + term for term in terms if term)
