"""Parts of addresses that stand for something."""


class KeyConverter:
    """A primary key that fits every database; longer numbers are no address at all."""

    regex = "[0-9]{1,18}"

    def to_python(self, value):
        return int(value)

    def to_url(self, value):
        return str(value)


class VerbConverter:
    """What can be done to one record or to those ticked: see ems_site/verbs.py."""

    regex = "delete|disable|enable"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


class TransitionConverter(VerbConverter):
    """The same for entitlements, which go from state to state."""

    regex = "close|complete|delete|disable|enable"
