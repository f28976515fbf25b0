"""The data set of `./ems bench`: the same for a seed, stored as the product stores it, believable."""

import pytest
from django.db import connection

from contacts.models import Contact
from customers.models import Association, Customer
from entitlements.models import Entitlement, ProductKey
from tests.benchmarks import loading, postgresql, report, sqlite
from tests.benchmarks.chunks import MODELS, Chunk
from tests.benchmarks.figures import Figure, at_least, at_most
from tests.benchmarks.plot import LINES, svg
from tests.benchmarks.records import Columns, remembered_folding
from tests.benchmarks.timing import Times, percentile, side_by_side

SEED, SMALL = 7, 60
# Tables of rows that were not made by the product's actions, in the order in which they may be written.
ORDER = (Customer, Contact, Association, Entitlement, ProductKey)


def rows(chunk):
    return {model: list(map(Columns(model).values, chunk.records[model])) for model in MODELS}


@pytest.fixture(scope="module")
def large():
    return Chunk(SEED, 0)


class TestData:
    def test_it_is_the_same_for_a_seed(self):
        assert rows(Chunk(SEED, 3, SMALL)) == rows(Chunk(SEED, 3, SMALL))

    def test_another_seed_and_another_chunk_are_others(self):
        names = [
            [row.name for row in Chunk(seed, number, SMALL).customers]
            for seed, number in ((SEED, 0), (SEED, 1), (8, 0))
        ]
        assert len({tuple(of_one) for of_one in names}) == 3

    def test_remembered_folding_changes_nothing(self):
        plain = rows(Chunk(SEED, 0, SMALL))
        with remembered_folding():
            assert rows(Chunk(SEED, 0, SMALL)) == plain

    def test_what_is_unique_is_unique_over_chunks(self):
        chunks = [Chunk(SEED, number, SMALL) for number in (0, 1, 999)]
        for model in MODELS:
            fields = [field for field in model._meta.concrete_fields if field.unique]
            for field in fields:
                place = model._meta.concrete_fields.index(field)
                values = [row[place] for chunk in chunks for row in rows(chunk)[model]]
                given = [value for value in values if value is not None]
                assert len(given) == len(set(given)), f"{model.__name__}.{field.name}"

    def test_sizes_add_up(self):
        assert loading.sizes(2_500) == [1_000, 1_000, 500]
        assert loading.sizes(1_000) == [1_000]


class TestDistribution:
    def test_how_many(self, large):
        counts = {model.__name__: len(large.records[model]) for model in MODELS}
        assert (counts["Customer"], counts["Contact"], counts["Entitlement"]) == (1_000, 2_000, 3_000)
        assert 3_000 < counts["ProductKey"] < 4_000
        assert 100 < counts["Activation"] < 1_000

    def test_few_have_many(self, large):
        held = sorted(len(customer.contacts) for customer in large.customers)
        assert held[100] == 0
        assert held[-1] >= 60
        assert any(not contact.customers for contact in large.records[Contact])
        assert any(len(contact.customers) > 1 for contact in large.records[Contact])

    def test_names(self):
        names = [row.name for number in range(3) for row in Chunk(SEED, number).customers]
        assert 0.24 < sum("Inc" in name for name in names) / len(names) < 0.30
        for part in ("ü", "ß", "株式会社", "Ł", "Ο", "и", "한", "شركة", "İ"):
            assert any(part in name for name in names), part

    def test_common_words_stand_together_late_only(self):
        names = [row.name_key for row in map(_with_key, range(4)) for row in row]
        together = [name for name in names if "united global" in name]
        assert together
        assert min(together) > "walter"
        for word in ("united", "global"):
            assert sum(word in name for name in names) > len(together) * 2


def _with_key(number):
    customers = Chunk(SEED, number).customers
    for customer in customers:
        customer.name_key = Customer._meta.get_field("name_key").key(customer)
    return customers


@pytest.mark.django_db
class TestStored:
    """Written as the loader writes it, read and saved by the product."""

    @pytest.fixture(autouse=True)
    def _filled(self, db):
        chunk = Chunk(SEED, 0, SMALL)
        for model in MODELS:
            columns = Columns(model)
            prepare = [field.get_db_prep_save for field in columns.fields]
            values = [
                tuple(
                    one(value, connection) for one, value in zip(prepare, columns.values(record), strict=True)
                )
                for record in chunk.records[model]
            ]
            sqlite.insert(columns.table, columns.names, values)

    @pytest.mark.parametrize("model", ORDER)
    def test_keys_are_those_that_saving_writes(self, model):
        assert model.objects.exists()
        for record in model.objects.order_by("pk"):
            stored = model.objects.filter(pk=record.pk).values().get()
            record.save()
            saved = model.objects.filter(pk=record.pk).values().get()
            unchanged = {name: value for name, value in stored.items() if name != "changed"}
            assert {name: saved[name] for name in unchanged} == unchanged

    def test_values_are_good(self):
        for model in (Customer, Contact):
            for record in model.objects.all():
                record.full_clean()

    def test_windows_are_those_of_completing(self):
        for key in ProductKey.objects.placed().select_related("entitlement__customer"):
            stored = [getattr(key, name) for name in ProductKey.WINDOW]
            key.place(key.validity_in(key.entitlement.time_zone()))
            assert [getattr(key, name) for name in ProductKey.WINDOW] == stored


def test_copied_text_keeps_its_signs():
    assert postgresql._line(["a\tb", "c\\d\ne", None, 5]) == "a\\tb\tc\\\\d\\ne\t\\N\t5\n"


class TestFigures:
    def test_percentile(self):
        ordered = [float(number) for number in range(1, 101)]
        assert percentile(ordered, 95) == 95
        assert percentile([1.0], 95) == 1

    def test_each_call_is_measured(self):
        called = []
        times = side_by_side({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, runs=5)
        assert set(times) == {"a", "b"}
        assert called[-4:] == ["a", "b", "a", "b"]

    def test_held_and_missed(self):
        fast, slow = Times(1, 1), Times(10, 10)
        assert at_most("x", slow, "y", fast, 7).verdict() == "MISSED"
        assert at_most("x", slow, "y", fast, 12, 11).verdict() == "held, stretch too"
        assert at_least("x", fast, "y", slow, 10).verdict() == "held"
        assert Figure("x", "", note="not built").verdict() == "not built"
        figure = at_least("x", fast, "y", Times(10, 10, is_over=True), 5)
        assert (figure.measured(), figure.promised()) == ("> 10.0x", "≥ 5x")
        assert Figure.read(figure.written()) == figure

    def test_the_summary_is_renewed_between_its_marks(self, tmp_path):
        document = tmp_path / "performance.md"
        document.write_text("before\n<!-- sqlite -->\nold\n<!-- end of sqlite -->\nafter\n")
        found = {
            "vendor": "sqlite",
            "customers": 1_000,
            "machine": {"Processor": "2 cores"},
            "figures": [at_most("A | B", Times(1, 2), "c", Times(1, 1), 3).written()],
            "slowest": ["9 ms: “inc”"],
        }
        report.renew(found, document)
        text = document.read_text()
        assert text.startswith("before\n<!-- sqlite -->\nSQLite, 1,000 customers")
        assert "A \\| B" in text
        assert "old" not in text
        assert text.endswith("<!-- end of sqlite -->\nafter\n")
        assert "| A | B" not in text
        assert "A | B" in report.table(found)

    def test_the_plot_has_a_point_for_each_size(self):
        pair = [Times(20, 30).written(), Times(200, 300).written()]
        runs = [{"customers": size, "points": dict.fromkeys(LINES, pair)} for size in (1_000, 10_000)]
        drawn = svg("postgresql", runs)
        assert drawn.count("<circle") == 2 * len(LINES) * (len(runs) + 1)
        assert "prefers-color-scheme: dark" in drawn
