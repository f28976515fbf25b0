"""Searches for terms from no hit to most rows, in several orders, and Django admin's for the same terms."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

from ems_site.lists.time_limits import time_limit
from tests.benchmarks import queries
from tests.benchmarks.figures import Figure, at_least, within
from tests.benchmarks.lists import List
from tests.benchmarks.terms import Term
from tests.benchmarks.timing import Times, once, percentile, shown, side_by_side

SORTS = ("name", "-name", "created", "-changed", "customer_id")
RUNS = 5
# Seconds.
SLOW = 1.0
# Longer than any limit of the product, so that what is slow is seen.
PATIENCE = 60
ADMIN = 100
P95 = {"postgresql": (50, 25), "sqlite": (60, 25)}
WORST = 4


@dataclass(frozen=True)
class Search:
    """The median time that the database needs for a term in this order, count and rows."""

    term: Term
    sort: str
    milliseconds: float

    def told(self) -> str:
        return f"{shown(self.milliseconds)}: “{self.term.shown()}”, {self.term.hits:,} hits, by {self.sort}"


def in_the_database(shown_list: List, terms: list[Term], sorts: tuple[str, ...]) -> list[Search]:
    found = []
    for term in terms:
        for sort in sorts:
            statements = queries.sent_by(partial(_read, shown_list, term.query(sort)))
            taken = [once(partial(queries.again, statements)) for _ in range(RUNS)]
            found.append(Search(term, sort, median(taken) * 1000))
    return sorted(found, key=lambda search: -search.milliseconds)


def figures(searches: list[Search], vendor: str) -> Iterator[Figure]:
    ordered = sorted(search.milliseconds for search in searches)
    p95, worst = percentile(ordered, 95), searches[0]
    terms, sorts = len({search.term for search in searches}), len({search.sort for search in searches})
    what = f"{terms} terms, {sorts} orders"
    yield within("SQL of a search, p95", what, p95, *P95[vendor], note=f"median {shown(median(ordered))}")
    ratio = worst.milliseconds / p95
    yield Figure("SQL of a search, worst / p95", what, value=ratio, promise=WORST, note=worst.told())


def beside_admin(shown_list: List, terms: list[Term]) -> Iterator[Figure]:
    """Whole pages; for the term with the smallest ratio, and for all together."""
    ratios = []
    for term in terms:
        ours, theirs = _both(shown_list, term.query(), RUNS)
        ratios.append((theirs, ours, term))
    ratios.sort(key=lambda row: row[0].median / row[1].median)
    for name, (theirs, ours, term) in (
        ("smallest ratio", ratios[0]),
        ("median ratio", ratios[len(ratios) // 2]),
    ):
        promise = ADMIN if name == "smallest ratio" else None
        held = sum(theirs.median / ours.median >= ADMIN for theirs, ours, _ in ratios)
        note = f"“{term.shown()}”, {term.hits:,} hits; {held} of {len(ratios)} terms"
        yield at_least(f"Search, {name}", ours, "Django admin's", theirs, promise, note)


def hit_and_miss(shown_list: List, hit: Term, miss: Term) -> Iterator[Figure]:
    for name, term in (("hit", hit), ("miss", miss)):
        query = term.query()
        statements = shown_list.statements(query)
        sql = side_by_side({"": partial(queries.again, statements)}, runs=20)[""]
        ours, theirs = _both(shown_list, query, 20)
        title, note = f"{shown_list.title}, search {name}", f"“{term.shown()}”, {term.hits:,} hits"
        yield within(f"{title}: SQL", "", sql.median, *P95[queries.vendor()], note=note)
        yield at_least(title, ours, "Django admin's search", theirs, ADMIN, note=note)


def _both(shown_list, query, runs) -> tuple[Times, Times]:
    """Our page and Django admin's, in turn; a slow one of the latter is asked once, and waited for so long
    only."""
    ours, theirs = partial(shown_list.open, query), partial(shown_list.open_plain, query)
    try:
        with queries.limit():
            taken = once(theirs)
    except queries.TookTooLong:
        return side_by_side({"": ours}, runs=runs)[""], Times.of([queries.LIMIT], is_over=True)
    if taken > SLOW:
        return side_by_side({"": ours}, runs=runs)[""], Times.of([taken])
    times = side_by_side({"ours": ours, "theirs": theirs}, runs=runs, seconds=runs * SLOW / 4)
    return times["ours"], times["theirs"]


def _read(shown_list, query):
    with time_limit(PATIENCE):
        listing = shown_list.asked(query)
        assert listing.rows is not None
        assert listing.count is not None
