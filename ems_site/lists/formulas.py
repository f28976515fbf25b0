"""Cells that a spreadsheet would run as formulas are kept from it, in a way that an import undoes."""

MARK = "'"
# The last four are the full-width twins, which some spreadsheets read alike.
RUN = frozenset("=+-@\t\r\n\0＝＋－＠")


def neutralised(text: str) -> str:
    """The text as a cell of a CSV file. What begins with a mark itself gets another."""
    return MARK + text if _is_marked(text) else text


def restored(text: str) -> str:
    """What was neutralised, as it was; any other text stays as it is."""
    return text[1:] if text.startswith(MARK) and _is_marked(text[1:]) else text


def _is_marked(text):
    return text[:1] in RUN or text.startswith(MARK)
