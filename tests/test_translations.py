"""The catalogs hold every marked text, say all of it, and are compiled as they are written."""

import ast
import gettext
import re

import pytest
from django.contrib.auth.password_validation import get_default_password_validators
from django.core.exceptions import ValidationError
from django.utils import translation

from tests import translations
from tests.translations import KEYWORDS, catalog, is_translated, marked, po, texts

LANGUAGES = translations.languages()
REFRESH = "Run .venv/bin/python -m tests.translations"
PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[sd]|%%")


def test_there_is_german():
    assert LANGUAGES == ["de"]


def test_texts_are_found_wherever_they_are_marked():
    places = {path for message in texts(marked()).values() for path, _ in message.locations}
    assert {"ems_site/fields.py", "templates/mail/base.txt", "templates/mail/base.html"} <= places


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalog_holds_what_is_marked(language):
    written, wanted = texts(catalog(language)), texts(marked())
    assert sorted(map(str, wanted.keys() - written.keys())) == [], REFRESH
    assert sorted(map(str, written.keys() - wanted.keys())) == [], REFRESH
    assert not catalog(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language):
    missing = [message.id for message in texts(catalog(language)).values() if not is_translated(message)]
    assert missing == []


def placeholders(text: str) -> list[str]:
    return sorted(found[0] for found in PLACEHOLDER.finditer(text) if found[0] != "%%")


def said(message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string]


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_agree(language):
    for message in texts(catalog(language)).values():
        texts_said = said(message)
        originals = message.id if isinstance(message.id, tuple) else [message.id] * len(texts_said)
        for original, translated in zip(originals, texts_said, strict=True):
            assert placeholders(original) == placeholders(translated), original


@pytest.mark.parametrize("language", LANGUAGES)
def test_spaces_and_markup_agree(language):
    for message in texts(catalog(language)).values():
        original = message.id if isinstance(message.id, str) else message.id[0]
        for translated in said(message):
            assert re.findall(r"</?\w+>", original) == re.findall(r"</?\w+>", translated)
            assert translated == translated.strip()
            assert "  " not in translated


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalog_says_the_same(language):
    with po(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written, count = texts(catalog(language)), 0
    for (context, text), message in written.items():
        singular = text if isinstance(text, str) else text[0]
        for number, translated in enumerate(said(message)):
            key = singular if context is None else f"{context}\x04{singular}"
            assert compiled._catalog[key if isinstance(text, str) else (key, number)] == translated, REFRESH
            count += 1
    assert len([key for key in compiled._catalog if key]) == count, REFRESH


def test_what_is_marked_can_be_found():
    """A marked text is written out: what is put together at run time stands in no catalog."""
    for path, source in translations.sources():
        if path.suffix != ".py":
            continue
        for call in ast.walk(ast.parse(source)):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in KEYWORDS:
                name = ast.unparse(call.func).rpartition(".")[2]
                count = 1 + name.startswith(("p", "n")) + name.startswith("np")
                for argument in call.args[:count]:
                    assert isinstance(argument, ast.Constant), f"{path}:{call.lineno}"


@pytest.mark.parametrize("password", ["too short", "password1234", "x" * 257, "administrator1"])
def test_refusals_of_a_password_are_german(password):
    messages = []
    with translation.override("de"):
        for validator in get_default_password_validators():
            try:
                validator.validate(password)
            except ValidationError as error:
                messages += error.messages
    assert messages
    assert all("Kennwort" in message and "assw" not in message for message in messages)


def test_english_is_what_is_written_in_the_sources():
    with translation.override("en"):
        assert translation.gettext("Choose a new password") == "Choose a new password"
    with translation.override("de"):
        assert translation.gettext("Choose a new password") == "Wählen Sie ein neues Kennwort"
