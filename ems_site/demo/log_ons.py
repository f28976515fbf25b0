"""Who can log on to the demo. Each password is `demo-` and the name before the @."""

from typing import NamedTuple


class Member(NamedTuple):
    """One of the vendor's staff."""

    username: str
    first_name: str
    last_name: str
    addresses: tuple[str, ...]
    roles: tuple[str, ...] = ()
    may_view: tuple[str, ...] = ()
    is_superuser: bool = False


class Person(NamedTuple):
    """A contact who logs on to the portal, with the short names of their customers."""

    email: str
    first_name: str
    last_name: str
    kind: str
    customers: tuple[str, ...]


STAFF = (
    Member("admin", "Ada", "Sandström", ("10.20.1.5",), is_superuser=True),
    Member(
        "manager",
        "Marek",
        "Wiśniewski",
        ("10.20.4.31", "10.20.4.87", "10.8.0.12"),
        ("Customer Management", "Export"),
    ),
    Member("licensing", "Lena", "Fischer", ("10.20.5.22",), ("Entitlement Management", "Export")),
    Member("viewer", "Viola", "Bianchi", ("10.20.6.14",), may_view=("customer", "contact", "entitlement")),
    Member("clerk", "Clara", "Jørgensen", ("10.20.9.40",)),
)
PEOPLE = (
    Person("standard@example.com", "Stella", "Brandt", "standard", ("brueckmann",)),
    Person("administrator@example.com", "Arthur", "Pemberton", "administrator", ("pennyfarrow", "acme-uk")),
    Person("disabled@example.com", "Dino", "Ferraro", "standard", ("ferrobianco",)),
)
