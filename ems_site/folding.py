"""Keys under which texts are found again: pure functions, the only place where case is folded.

An identity key decides whether two names are the same. A search key is made to be found in;
it also forgives accents, and survives trigram indexes, which drop punctuation.
"""

import re
import unicodedata
from collections.abc import Iterable

# PostgreSQL's trigrams consist of letters and digits only, so each ASCII punctuation mark and the
# space stand as a letter of their own, taken from the Vai script.
PUNCTUATION = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
LETTER_OF = {ord(mark): chr(0xA500 + place) for place, mark in enumerate(PUNCTUATION)}
WORD_START = LETTER_OF[ord(" ")]
LINE_END = "\n"

# Letters that people type without their stroke or as two, and that Unicode does not decompose.
PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
ACCENTS = range(0x0300, 0x0370)

BLANKS = re.compile(" {2,}")


class _Signs(dict):
    """How signs beyond ASCII stand in a search key, by code point.

    In scripts that put no blanks between words each sign is a word of its own. What is neither letter nor
    digit stands as a word of two Yi syllables, which trigrams keep.
    """

    WORDS = (
        *((0x3005, 0x3007), (0x3041, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF)),
        *((0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
    )

    def __missing__(self, code: int) -> str:
        stands = self._stands(code)
        if code < 0x10000:
            self[code] = stands
        return stands

    def _stands(self, code):
        if any(first <= code <= last for first, last in self.WORDS):
            return f" {chr(code)} "
        if unicodedata.category(chr(code))[0] in "LMN":
            return chr(code)
        high, low = divmod(code, 1100)
        return f" {chr(0xA000 + high)}{chr(0xA000 + low)} "


SIGNS = _Signs({code: chr(code) for code in map(ord, PUNCTUATION + "0123456789abcdefghijklmnopqrstuvwxyz")})
# Typographic signs and what people type instead.
SIGNS |= str.maketrans("‘’‚“”„‐‑‒–—―", "'''\"\"\"------")


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
    words = " ".join(sort_key(encodable).split())
    return BLANKS.sub(" ", words.translate(SIGNS)).translate(LETTER_OF)


def line_start(term: str) -> str:
    """How the line of a search key begins whose text begins with this term."""
    return LINE_END + (term if term.startswith(WORD_START) else WORD_START + term)


def mark_of(number: int) -> str:
    """What stands before the lines of the criterion with this number: no letter, so it is in no term."""
    return chr(0xE000 + number)


def search_key(lines: Iterable[tuple[int, str]]) -> str:
    """For each text that is not empty its criterion's mark and a line of its own."""
    terms = ((number, search_term(text)) for number, text in lines)
    return "".join(mark_of(number) + line_start(term) + LINE_END for number, term in terms if term)
