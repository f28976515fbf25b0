"""Reading what an address or a form brings, which anybody can have written."""

LARGEST_KEY = 2**63 - 1
LARGEST_VERSION = 2**31 - 1
LONGEST_SEARCH = 600


def whole_number(text: object, *, at_most: int = LARGEST_KEY) -> int | None:
    """The number from 0 to at_most that these ASCII digits spell, or None."""
    digits = str(text if text is not None else "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        return None
    number = int(digits)
    return number if number <= at_most else None
