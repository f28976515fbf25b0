"""Delete, Disable and Enable: one customer, or those ticked in the list."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from customers import actions, counts
from customers.models import Customer
from ems_site.accounts.models import User
from ems_site.plans import Verb
from ems_site.verbs import Verbs


def _consequence(verb: Verb, customers: list[Customer], by: User) -> dict:
    """Delete takes associations away; the others are about people."""
    if verb.name == "enable":
        return {"contact_count": counts.people(customers)}
    lost, signed_in = counts.locked_out(customers)
    if verb.name == "delete":
        return {"contact_count": counts.associations(customers), "signed_in_count": signed_in}
    people = counts.people(customers)
    return {
        "contact_count": people,
        "lost_count": lost,
        "signed_in_count": signed_in,
        "kept_count": people - lost,
        "kept_signed_in_count": counts.signed_in(customers) - signed_in,
    }


VERBS = Verbs(
    model=Customer,
    namespace="customers",
    order=("name_key", "pk"),
    acts={"delete": actions.delete, "disable": actions.disable, "enable": actions.enable},
    called=lambda customer: customer.name,
    consequence=_consequence,
)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    return VERBS.one(request, pk, name)


@require_POST
def ticked(request: HttpRequest, name: str) -> HttpResponse:
    return VERBS.ticked(request, name)
