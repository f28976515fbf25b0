"""Folding: which texts are the same, how lists sort, and what a search finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems_site.folding import PUNCTUATION, identity_key, mark_of, search_key, search_term, sort_key

unhurried = settings(deadline=None, database=None, derandomize=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME", "acme"),
        ("ＡＣＭＥ", "acme"),
        ("  Acme\t", "acme"),
        ("STRASSE", "straße"),
        ("STRAẞE", "strasse"),
        ("ÖKONOM", "ökonom"),
        ("ΟΔΟΣ", "οδος"),
        ("οδοσ", "οδος"),
        ("ЖУК", "жук"),
        ("ﬁn", "FIN"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("é", "e\u0301"),
        ("№ ⅳ", "No IV"),
    ],
)
def test_the_same_identity(one, other):
    assert identity_key(one) == identity_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Muller", "Müller"),
        ("ılık", "ilik"),
        ("a b", "ab"),
        ("ACME-1", "ACME1"),
        ("аcme", "acme"),
        ("0", "O"),
    ],
)
def test_another_identity(one, other):
    assert identity_key(one) != identity_key(other)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Álvaro", "alvaro"),
        ("Łódź", "lodz"),
        ("Ökonom", "okonom"),
        ("Straße", "strasse"),
        ("Ærø", "aero"),
        ("İstanbul", "istanbul"),
        ("ısı", "isi"),
        ("Þór", "thor"),
        ("Œuvre", "oeuvre"),
        ("Đà Nẵng", "da nang"),
        ("株式会社", "株式会社"),
        ("ガス", "ガス"),
        ("", ""),
    ],
)
def test_the_sort_key_has_no_accents(text, key):
    assert sort_key(text) == key


@pytest.mark.parametrize("fold", [identity_key, sort_key])
@given(st.text(max_size=30))
@unhurried
def test_folding_twice_is_folding_once(fold, text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("fold", [identity_key, sort_key])
@given(st.text(st.characters(categories=["L", "Nd"]), max_size=30))
@unhurried
def test_folding_letters_twice_is_folding_them_once(fold, text):
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=30))
@unhurried
def test_letter_case_never_counts(text):
    assert sort_key(text.upper()) == sort_key(text.lower())


def test_every_punctuation_mark_is_a_letter_of_its_own():
    letters = [search_term(f"x{mark}x") for mark in PUNCTUATION]
    assert len(set(letters)) == len(PUNCTUATION)
    assert all(letter.isalpha() for letter in letters)


def test_blanks_around_and_repeated_do_not_count():
    assert search_term("  Acme \u00a0\n Ltd ") == search_term("acme ltd")


@pytest.mark.parametrize("text", ["\ud800", "\udfff\0", "\0", " ", "", "\u3000", "\u0301"])
def test_a_term_of_nothing_is_blank(text):
    assert search_term(text) == ""


def test_a_term_with_unstorable_characters_looks_for_the_rest():
    assert search_term("ac\0me\ud800 ltd") == search_term("acme ltd")


def test_a_search_key_has_a_marked_line_for_each_text():
    blank = search_term("a b")[1]
    key = search_key([(0, "Acme"), (1, ""), (2, "  "), (3, "A-1")])
    assert key.split("\n") == [mark_of(0), blank + "acme", mark_of(3), blank + search_term("A-1"), ""]


def test_signs_of_scripts_without_blanks_are_words():
    blank = search_term("a b")[1]
    assert search_term("株式 AB") == f"{blank}株{blank}式{blank}ab"
    assert search_term("a한") == f"a{blank}한{blank}"


@pytest.mark.parametrize("sign", ["€", "😀", "→", "·", "\ue000", "\x01", "\u200d"])
def test_what_is_no_letter_stands_as_letters_of_its_own(sign):
    """PostgreSQL's trigrams drop everything else."""
    term = search_term(f"a{sign}b")
    assert term.isalpha()
    assert len(term) == 6
    assert term != search_term(f"a{chr(ord(sign) + 1)}b")


def test_what_people_type_for_typographic_signs():
    assert search_term("O’Brien – “X”") == search_term('o\'brien - "x"')
