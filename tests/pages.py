"""Pages as a browser and its reader take them, and all rows that an action could touch."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.contrib.admin.models import LogEntry

from contacts.models import Contact, Invitation
from customers.models import Association, AssociationOffer, Customer
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from entitlements.models import Activation, Entitlement, ProductKey


@dataclass
class Form:
    """What a browser would post, without the buttons."""

    method: str
    action: str
    data: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Served(HTMLParser):
    """A page as a browser and its reader take it: text, tables, links and forms."""

    VOID = {"input", "img", "br", "link", "meta", "hr", "use"}
    INLINE = {"a", "b", "bdi", "span", "strong", "em", "del", "ins", "svg", "use", "time", "i"}
    UNREAD = {"script", "style", "template", "select", "textarea", "title"}

    def __init__(self, response):
        super().__init__()
        self.status = response.status_code
        self.tags, self.forms, self.tables, self.links, self.words = [], [], [], [], []
        self._form, self._cell, self._link, self._unread = None, None, None, 0
        self._textarea, self._select, self._option = None, None, None
        self.feed(response.content.decode())
        self.text = " ".join("".join(self.words).split())

    def form(self, name: str) -> Form | None:
        """The form that posts this name."""
        found = (form for form in self.forms if form.method == "post" and name in form.data)
        return next(found, None)

    def column(self, title: str) -> list[str]:
        """The cells below this heading of the first table."""
        head, *rows = self.tables[0]
        place = next(place for place, text in enumerate(head) if text == title)
        return [row[place] for row in rows]

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag in self.UNREAD:
            self._unread += 1
        elif tag not in self.INLINE:
            self._read(" ")
        starter = getattr(self, f"start_{tag}", None)
        if starter:
            starter(attrs)

    def handle_endtag(self, tag):
        if tag in self.UNREAD:
            self._unread -= 1
        elif tag not in self.INLINE:
            self._read(" ")
        ender = getattr(self, f"end_{tag}", None)
        if ender:
            ender()

    def handle_data(self, data):
        if self._textarea:
            self._textarea[1].append(data)
        elif self._option:
            self._option[2].append(data)
        elif not self._unread:
            self._read(data)

    def _read(self, text):
        self.words.append(text)
        if self._cell is not None:
            self._cell.append(text)
        if self._link is not None:
            self._link.append(text)

    def _post(self, name, value):
        if self._form and name:
            self._form.data.setdefault(name, []).append(value)

    def start_form(self, attrs):
        self._form = Form(attrs.get("method", "get").lower(), attrs.get("action", ""))
        self.forms.append(self._form)

    def end_form(self):
        self._form = None

    def start_input(self, attrs):
        kind = attrs.get("type", "text")
        if kind in {"submit", "image", "button", "reset"}:
            self._press(attrs)
        elif kind not in {"checkbox", "radio"} or "checked" in attrs:
            self._post(attrs.get("name"), attrs.get("value", "on" if kind == "checkbox" else ""))

    def start_button(self, attrs):
        if attrs.get("type", "submit") == "submit":
            self._press(attrs)

    def _press(self, attrs):
        if self._form:
            self._form.buttons.append((attrs.get("name", ""), attrs.get("value", "")))

    def start_textarea(self, attrs):
        self._textarea = attrs.get("name"), []

    def end_textarea(self):
        name, parts = self._textarea
        # A browser drops the first line break and posts the others as two characters.
        text = "".join(parts).replace("\r\n", "\n").removeprefix("\n").replace("\n", "\r\n")
        self._post(name, text)
        self._textarea = None

    def start_select(self, attrs):
        self._select = attrs, []

    def start_option(self, attrs):
        self._option = attrs.get("value"), "selected" in attrs, []

    def end_option(self):
        value, selected, parts = self._option
        if self._select:  # Those of a datalist are nobody's.
            self._select[1].append((value if value is not None else "".join(parts).strip(), selected))
        self._option = None

    def end_select(self):
        attrs, options = self._select
        chosen = [value for value, selected in options if selected]
        if not chosen and "multiple" not in attrs:
            chosen = [value for value, _ in options[:1]]
        for value in chosen:
            self._post(attrs.get("name"), value)
        self._select = None

    def start_table(self, attrs):
        self.tables.append([])

    def start_tr(self, attrs):
        self.tables[-1].append([])

    def start_td(self, attrs):
        self._cell = []

    def end_td(self):
        self.tables[-1][-1].append(" ".join("".join(self._cell).split()))
        self._cell = None

    start_th, end_th = start_td, end_td

    def start_a(self, attrs):
        self._link, self._address = [], attrs.get("href", "")

    def end_a(self):
        if self._link is not None:
            self.links.append((" ".join("".join(self._link).split()), self._address))
        self._link = None


def said(response) -> str:
    """Status and text of the answer, for a look with `in` or a pattern."""
    page = Served(response)
    return f"{page.status} {page.text}"


def everything() -> dict:
    """All rows that an action could touch."""
    people = (Customer, Association, Contact, Invitation, AssociationOffer)
    tables = (*people, Entitlement, ProductKey, Activation, Entry, LogEntry)
    rows = {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}
    users = User.objects.order_by("pk").values("pk", "session_epoch", "is_staff", "is_superuser")
    return rows | {"User": list(users)}
