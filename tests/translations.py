"""What the product says in other languages: finds every text marked for it, and refreshes the catalogs.

    .venv/bin/python -m tests.translations

brings locale/*/LC_MESSAGES/django.po up to date with the sources and compiles each, and names the
texts that have no translation yet.
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CODE = ("ems_site", "contacts", "customers", "entitlements")
TEMPLATES = ("templates",)
KEYWORDS: dict = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# Django says these to contacts, too, in other words than ours (Kennwort, not Passwort).
WORDS_OF_DJANGO = (
    "The password is too similar to the %(verbose_name)s.",
    "This password is too common.",
    (
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
)


def languages() -> list[str]:
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def po(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def catalog(language: str) -> Catalog:
    if not po(language).exists():
        return Catalog(language, fuzzy=False)
    with po(language).open("rb") as file:
        return read_po(file, locale=language)


def texts(catalog: Catalog) -> dict[tuple, Message]:
    """All but the header, by context and text. Nothing that is obsolete is among them."""
    return {(message.context, message.id): message for message in catalog if message.id}


def sources() -> Iterator[tuple[Path, str]]:
    """Each file that may hold texts, as Python that holds them."""
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), path.read_text("utf-8")
    for folder in TEMPLATES:
        for path in sorted((ROOT / folder).rglob("*.*")):
            if path.suffix in {".html", ".txt"}:
                # In brackets, because what Django makes of a template has no indentation to speak of.
                yield path.relative_to(ROOT), f"({templatize(path.read_text('utf-8'), str(path))})"


def marked() -> Catalog:
    """Every text that is marked for translation."""
    found = Catalog(project="EMS Customers", charset="utf-8")
    for text in WORDS_OF_DJANGO:
        found.add(text, locations=[("django/contrib/auth/password_validation.py", 0)])
    for path, source in sources():
        lines = BytesIO(source.encode())
        for _, marked_text, _, context in extract("python", lines, KEYWORDS, options={"encoding": "utf-8"}):
            found.add(marked_text, locations=[(str(path), 0)], context=context)
    return found


def refresh(language: str) -> list[str]:
    """Writes the catalog anew and compiles it; returns the texts without a translation."""
    current = catalog(language)
    made = current.creation_date
    current.update(marked(), no_fuzzy_matching=True)
    current.creation_date = made
    current.obsolete.clear()
    po(language).parent.mkdir(parents=True, exist_ok=True)
    with po(language).open("wb") as file:
        write_po(file, current, width=100, sort_output=True, include_lineno=False)
    with po(language).with_suffix(".mo").open("wb") as file:
        write_mo(file, current)
    return [str(message.id) for message in texts(current).values() if not is_translated(message)]


def is_translated(message: Message) -> bool:
    said = message.string
    return bool(all(said) if isinstance(said, tuple | list) else said) and not message.fuzzy


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ems_site.settings")
    os.environ.setdefault("EMS_DEMO", "1")
    for language in languages():
        missing = refresh(language)
        print(f"{po(language).relative_to(ROOT)}: {len(missing)} without a translation", *missing, sep="\n  ")
