"""Fills the empty database that Django is set up for, and measures over it."""

import logging
from typing import Any

from django.core.management import call_command

from tests.benchmarks import adding, lists, loading, machine, queries, searches, terms
from tests.benchmarks.figures import Figure
from tests.benchmarks.lists import List
from tests.benchmarks.visitor import Visitor

EACH = {"customers": 1, "contacts": 2, "entitlements": 3}
SLOWEST = 8
# Of one row in so many.
HIT = 200


def measure(customers: int, seed: int, *, is_brief: bool) -> dict[str, Any]:
    """What came out, ready for JSON. is_brief: only what the plot shows."""
    # Statements that were ended on purpose are no news.
    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    say(f"Filling {queries.vendor()} with {customers:,} customers")
    loading.fill(customers, seed, say)
    visitor = Visitor()
    all_lists = {name: List(name, each * customers, visitor) for name, each in EACH.items()}
    chosen = terms.drawn(all_lists["customers"], seed)
    hit, miss = _hit_and_miss(all_lists["customers"], chosen)
    found: dict[str, Any] = {"customers": customers, "vendor": queries.vendor(), "machine": machine.told()}
    say("Measuring what the plot shows")
    points = lists.points(all_lists["customers"], hit.query(), miss.query())
    found["points"] = {name: [times.written() for times in pair] for name, pair in points.items()}
    return found if is_brief else found | _measured(all_lists, chosen, seed)


def _measured(all_lists, chosen, seed) -> dict[str, Any]:
    customers = all_lists["customers"]
    figures: list[Figure] = []
    for shown in all_lists.values():
        say(f"Measuring the list of {shown.name}")
        figures += lists.figures(shown, with_far=shown is customers)
    asked = chosen + terms.hostile(customers)
    say(f"Searching for {len(asked)} terms")
    searched = searches.in_the_database(customers, asked, searches.SORTS)
    figures += searches.figures(searched, queries.vendor())
    say("Searching for them in Django admin")
    figures += searches.beside_admin(customers, asked)
    for shown in all_lists.values():
        found = chosen if shown is customers else terms.drawn(shown, seed, number=20)
        figures += searches.hit_and_miss(shown, *_hit_and_miss(shown, found))
    say("Adding customers")
    figures += adding.figures(customers.visitor.user, customers.rows, seed)
    figures.append(Figure("Import with a report per row", "", note="not built"))
    return {
        "figures": [figure.written() for figure in figures],
        "slowest": [search.told() for search in searched[:SLOWEST]],
        "terms": [[term.text, term.hits, term.kind] for term in asked],
    }


def _hit_and_miss(shown, found):
    return terms.nearest(found, shown.rows / HIT), terms.nearest(found, 0)


def say(text: str) -> None:
    print(text, flush=True)
