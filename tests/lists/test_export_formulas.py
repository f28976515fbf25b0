"""Cells that begin like a formula are neutralised, and come back as they were."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ems_site.lists.formulas import neutralised, restored

FIRST = "=+-@\t\r\n\0＝＋－＠'"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 555", "'+49 30 555"),
        ("-3", "'-3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t'=1"),
        ("a;=1;b", "a;'=1;b"),
        ("a\n=1\r\n-2", "a\n'=1\r'\n'-2"),
        ("it's; 'x", "it's; 'x"),
        ("＝１", "'＝１"),
        ("'=x", "''=x"),
        ("'tis", "''tis"),
        ("'", "''"),
        ("", ""),
        ("Acme = more", "Acme = more"),
        ("1-2", "1-2"),
    ],
)
def test_known_cells(text, cell):
    assert neutralised(text) == cell
    assert restored(cell) == text


@given(st.text(max_size=20) | st.builds(str.__add__, st.sampled_from(FIRST), st.text(max_size=5)))
@example("'=x")
@example("''")
def test_there_and_back(text):
    cell = neutralised(text)
    assert restored(cell) == text
    for separator in (";", "\t", "\r", "\n"):
        assert all(part[:1] not in set(FIRST) - {"'", "\t", "\r", "\n"} for part in cell.split(separator))


@given(st.text(st.characters(exclude_characters=";\t\r\n"), max_size=20))
def test_what_was_not_neutralised_stays(text):
    """A text that somebody wrote with an apostrophe in front of a plain word keeps it."""
    cell = "'" + text
    expected = text if text[:1] in set(FIRST) and text else cell
    assert restored(cell) == expected
