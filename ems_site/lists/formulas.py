"""Cells that a spreadsheet would run as formulas are kept from it, in a way that an import undoes."""

import re

MARK = "'"
# Some programs take a file apart at semicolons, tabs and line breaks, whatever is quoted: a cell begins
# behind each. The last four are full-width twins, which some spreadsheets read alike.
BEGINNING = "(^|[;\t\r\n])"
RUN = "['=+\\-@\t\r\n\0＝＋－＠]"
TO_MARK = re.compile(f"{BEGINNING}(?={RUN})")
MARKED = re.compile(f"{BEGINNING}{MARK}(?={RUN})")


def neutralised(text: str) -> str:
    """The text as a cell of a CSV file. What begins with a mark itself gets another."""
    return TO_MARK.sub(rf"\1{MARK}", text)


def restored(text: str) -> str:
    """What was neutralised, as it was; any other text stays as it is."""
    return MARKED.sub(r"\1", text)
