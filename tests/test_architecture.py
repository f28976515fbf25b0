"""Rules about the code itself, read from its syntax trees and templates."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("contacts", "customers", "entitlements")
PROJECT = ("ems_site", *APPS)
LONGEST_FILE = 320
# Settings stand in one file by design.
LONG_FILES = {"ems_site/settings.py"}


def sources(*folders: str, suffix: str = "py") -> list[str]:
    """Paths of our files below these folders, migrations left out."""
    found = [path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob(f"*.{suffix}")]
    return sorted(str(path) for path in found if not {"migrations", "vendor"} & set(path.parts))


CODE = sources(*PROJECT)
TEMPLATES = sources("templates", *PROJECT, suffix="html")
SCRIPTS = sources("static", suffix="js")
DEMO = "ems_site/demo/"
PRODUCT = [path for path in CODE if not path.startswith(DEMO)]


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"), path)


def nodes(path: str, *kinds: type) -> Iterator:
    return (node for node in ast.walk(tree(path)) if isinstance(node, kinds))


def calls(path: str) -> Iterator[tuple[ast.Call, str]]:
    """Each call with what it calls, as it is written."""
    return ((call, ast.unparse(call.func)) for call in nodes(path, ast.Call))


def last(name: str) -> str:
    return name.rpartition(".")[2]


def place(path: str, node: ast.AST) -> str:
    return f"{path}:{getattr(node, 'lineno', '?')}"


@cache
def imports(path: str) -> frozenset[str]:
    """Every module and every name that a file imports, dotted, wherever the import stands."""
    package, found = list(Path(path).parent.parts), set()
    for node in nodes(path, ast.Import):
        found |= {alias.name for alias in node.names}
    for node in nodes(path, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    for call, name in calls(path):
        if last(name) == "import_module" and isinstance(call.args[0], ast.Constant):
            found.add(call.args[0].value)
    return frozenset(found)


def is_actions(path: str) -> bool:
    """A module of actions, or one of a package of them."""
    return Path(path).name == "actions.py" or Path(path).parent.name == "actions"


def is_models(path: str) -> bool:
    """A module of models, or one of a package of them."""
    return Path(path).name == "models.py" or Path(path).parent.name == "models"


def reaching(paths: list[str], *packages: str) -> list[str]:
    """Which of these files import something of these packages, and what."""
    return [
        f"{path}: {name}"
        for path in paths
        for name in sorted(imports(path))
        if any(f"{name}.".startswith(f"{package}.") for package in packages)
    ]


def test_the_sources_are_found():
    assert {"customers/actions/customers.py", "ems_site/audit/models.py", "contacts/forms.py"} <= set(CODE)
    assert {"templates/base.html", "templates/customers/form.html"} <= set(TEMPLATES)
    assert "static/js/theme.js" in SCRIPTS


# Which way things point

ON_TOP = ("ems_site.demo", "ems_site.portal", "ems_site.urls")
ABOVE = {
    "contacts": ("customers", "entitlements", *ON_TOP),
    "customers": ("entitlements", *ON_TOP),
    "entitlements": ON_TOP,
    "ems_site": (*APPS, *ON_TOP),
}


@pytest.mark.parametrize("package", ABOVE)
def test_imports_go_down(package):
    below = [path for path in PRODUCT if path.startswith(f"{package}/")]
    files = [path for path in below if path != "ems_site/urls.py" and not path.startswith("ems_site/portal/")]
    assert files
    assert reaching(files, *ABOVE[package]) == []


def test_history_knows_nothing_of_accounts():
    assert reaching([path for path in CODE if path.startswith("ems_site/audit/")], "ems_site.accounts") == []


def test_models_and_actions_know_nothing_of_pages():
    files = [path for path in PRODUCT if is_models(path) or is_actions(path)]
    surfaces = [f"{app}.{name}" for app in APPS for name in ("views", "forms", "admin", "urls")]
    assert reaching(files, *surfaces, "django.shortcuts", "django.http", "django.contrib.messages") == []


def test_foreign_keys_go_down():
    levels = {"accounts": 0, "audit": 0, "contacts": 1, "customers": 2, "entitlements": 3}
    upward = set()
    for model in apps.get_models():
        here = model._meta.app_label
        for field in model._meta.get_fields():
            target = field.related_model._meta.app_label if field.is_relation and field.concrete else None
            if here in levels and target in levels and levels[target] > levels[here]:
                upward.add(f"{model._meta.label}.{field.name}")
    # The declared exception: a log-on may be a contact's.
    assert upward == {"accounts.User.contact"}


# Only actions write

WRITES = {
    *(
        "save",
        "delete",
        "create",
        "update",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
    ),
    *(
        "asave",
        "adelete",
        "acreate",
        "aupdate",
        "save_m2m",
        "select_for_update",
        "raw",
        "extra",
        "_raw_delete",
    ),
}
# What is no part of answering requests, or keeps columns and triggers true by itself.
NO_SURFACES = {
    *("ems_site/keys.py", "ems_site/fields.py", "ems_site/trigrams.py", "ems_site/audit/triggers.py"),
    *("ems_site/settings.py", "ems_site/accounts/roles.py", "ems_site/accounts/hashers.py"),
    "ems_site/accounts/session_store.py",
}
# What asks the database in its own words, and changes nothing.
READ_BY_SQL = {"ems_site/health.py", "ems_site/lists/reading.py", "ems_site/lists/time_limits.py"}
SURFACES = [path for path in PRODUCT if not (is_actions(path) or is_models(path) or path in NO_SURFACES)]


def is_write(call: ast.Call) -> bool:
    """A call such as `customer.save()`; not one into a module of actions, such as `actions.save()`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
        return False
    return last(ast.unparse(call.func.value)) not in {"actions", "cache"}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("customer.save()", True),
        ("Customer.objects.create(name='x')", True),
        ("rows.filter(pk=1).update(status='x')", True),
        ("form.save()", True),
        ("actions.save(customer, by=user)", False),
        ("contacts.actions.delete(rows, by=user)", False),
        ("cache.delete(key)", False),
        ("seen.add(1)", False),
    ],
)
def test_a_write_is_told_from_an_action(line, found):
    call = ast.parse(line).body[0].value
    assert is_write(call) is found


def test_surfaces_never_write():
    assert {"customers/views/editing.py", "customers/admin.py", "contacts/forms.py"} <= set(SURFACES)
    assert [place(path, call) for path in SURFACES for call, _ in calls(path) if is_write(call)] == []


def test_surfaces_open_no_transactions():
    files = [path for path in SURFACES if path not in READ_BY_SQL]
    assert reaching(files, "django.db.transaction", "django.db.connection") == []


def test_only_actions_write_history():
    files = [path for path in PRODUCT if not is_actions(path)]
    assert reaching(files, "ems_site.audit.actions") == []
    made = [place(path, call) for path in files for call, name in calls(path) if last(name) == "Entry"]
    assert made == []


def test_no_signals():
    assert reaching(CODE, "django.db.models.signals", "django.dispatch") == []


# Bans

BANNED_MODULES = ("pickle", "marshal", "shelve", "telnetlib", "xml.etree", "xml.dom", "xml.sax")
BANNED_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "yaml.load",
    "os.system",
    "os.popen",
    "tempfile.mktemp",
}
BANNED_NAMES = {"mark_safe", "SafeString", "SafeText", "csrf_exempt", "RawSQL", "Sniffer", "md5", "sha1"}


def test_nothing_dangerous_is_used():
    assert reaching(CODE, *BANNED_MODULES) == []
    for path in CODE:
        found = [place(path, call) for call, name in calls(path) if name in BANNED_CALLS]
        found += [name for name in imports(path) if last(name) in BANNED_NAMES]
        found += [place(path, node) for node in nodes(path, ast.Attribute) if node.attr in BANNED_NAMES]
        assert found == [], path


def test_threads_do_not_wait_for_one_another():
    """In Python 3.11 functools' cached_property is computed by one thread at a time, whosever it is."""
    assert reaching(CODE, "functools.cached_property") == []


def test_chance_comes_from_secrets():
    assert reaching(PRODUCT, "random") == []


def test_hashes_are_sound():
    for path in CODE:
        for node in nodes(path, ast.Constant):
            assert str(node.value).lower() not in {"md5", "sha1", "sha-1"}, place(path, node)
        for call, name in calls(path):
            if last(name) == "salted_hmac":
                assert "algorithm" in {word.arg for word in call.keywords}, place(path, call)


# Their statements are made of names that stand in the same file or in a model.
STATEMENT_BUILDERS = {
    "ems_site/audit/triggers.py",
    "ems_site/demo/filling.py",
    "ems_site/lists/reading.py",
    "ems_site/trigrams.py",
}


def test_sql_is_never_glued():
    for path in set(CODE) - STATEMENT_BUILDERS:
        for call, name in calls(path):
            if last(name) in {"execute", "executemany", "raw", "RawSQL", "RunSQL", "extra"} and call.args:
                assert isinstance(call.args[0], ast.Constant), place(path, call)


def test_markup_in_code_is_written_out():
    """What is put into markup goes through arguments, which are escaped."""
    for path in CODE:
        for call, name in calls(path):
            if last(name) in {"format_html", "format_html_join", "HTML", "Template"}:
                assert isinstance(call.args[0], ast.Constant), place(path, call)


def test_forms_list_their_fields():
    for path in CODE:
        assert not [place(path, node) for node in nodes(path, ast.Constant) if node.value == "__all__"]
        for meta in [node for node in nodes(path, ast.ClassDef) if node.name == "Meta"]:
            assert not re.search(r"^ *exclude\b", ast.unparse(meta), re.MULTILINE), place(path, meta)


def test_posted_values_are_read_with_care():
    """By get() or through a form: a missing name is no error of ours."""
    for path in CODE:
        for node in nodes(path, ast.Subscript):
            is_read = isinstance(node.ctx, ast.Load)
            assert not is_read or ast.unparse(node.value) not in {"request.POST", "request.GET"}, place(
                path, node
            )


FOLDED_BY_THE_DATABASE = re.compile(r"\w+__(iexact|icontains|istartswith|iendswith|iregex|regex|unaccent)")


def test_no_database_folds_letters():
    """SQLite folds ASCII only; the folded key columns are the same everywhere."""
    assert reaching(CODE, "django.db.models.functions.Lower", "django.db.models.functions.Upper") == []
    for path in CODE:
        words = [node.arg or "" for node in nodes(path, ast.keyword)]
        words += [node.value for node in nodes(path, ast.Constant) if isinstance(node.value, str)]
        assert [word for word in words if FOLDED_BY_THE_DATABASE.fullmatch(word)] == [], path


# Templates and scripts

BANNED_IN_TEMPLATES = {
    "unescaped text": r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq\b",
    "inline style": r"<style\b|\sstyle\s*=",
    "inline script": r"<script(?![^>]*\ssrc=)|<script\b[^>]*>\s*[^<\s]",
    "inline handler": r"\son[a-z]+\s*=|\shx-on\b|\shx-on:",
    "evaluated text": r"javascript:|\bjs:",
    "something from elsewhere": r"(?:src|href|action)\s*=\s*[\"']?\s*(?:https?:)?//",
    "form without a method": r"<form(?![^>]*\bmethod=)",
}
# A mail has no stylesheet of its own, and no page of ours shows its HTML.
MAILS = "templates/mail/"


@pytest.mark.parametrize("what", BANNED_IN_TEMPLATES)
def test_templates_have_no(what):
    for path in TEMPLATES:
        if what == "inline style" and path.startswith(MAILS):
            continue
        text = (ROOT / path).read_text("utf-8")
        text = re.sub(r"{#.*?#}|{% comment.*?endcomment %}", "", text, flags=re.DOTALL)
        assert re.findall(BANNED_IN_TEMPLATES[what], text, re.IGNORECASE) == [], path


def test_forms_that_post_have_a_token():
    for path in TEMPLATES:
        text = (ROOT / path).read_text("utf-8")
        for form in re.findall(r"<form\b[^>]*method=[\"']post.*?</form>", text, re.IGNORECASE | re.DOTALL):
            assert "csrf_token" in form, path


BANNED_IN_SCRIPTS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\s*\(|\bFunction\s*\(|https?://|\.cssText"
    r"|set(?:Timeout|Interval)\s*\(\s*[\"'`]|setAttribute\(\s*[\"'](?:style|on)"
)


def test_scripts_write_text_only():
    for path in SCRIPTS:
        text = re.sub(r"/\*.*?\*/|^\s*//[^\n]*", "", (ROOT / path).read_text("utf-8"), flags=re.DOTALL | re.M)
        assert BANNED_IN_SCRIPTS.findall(text) == [], path


# Order in the house


def test_files_are_short():
    files = set(CODE + TEMPLATES + SCRIPTS) - LONG_FILES
    lines = {path: (ROOT / path).read_text("utf-8").count("\n") for path in files}
    assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}


def test_files_have_names_that_say_something():
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "selectors", "services", "signals"}
    assert [path for path in CODE if Path(path).stem in vague] == []
