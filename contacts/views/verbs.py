"""Delete, Disable and Enable: one contact, or those ticked in the list."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from contacts import actions
from contacts.models import Contact
from ems_site.accounts.models import User
from ems_site.plans import Verb
from ems_site.status import Status
from ems_site.verbs import Verbs


def _consequence(verb: Verb, contacts: list[Contact], by: User) -> dict:
    """Whom it hits, in numbers; of customers only for those who may view them."""
    keys = [contact.pk for contact in contacts]
    chosen = Contact.objects.filter(pk__in=keys)
    counted: dict = {"count": len(keys), "sees_customers": by.has_perm("customers.view_customer")}
    if verb.name == "enable":
        still_out = chosen.exclude(customers=None).exclude(customers__status=Status.ENABLED)
        return counted | {"still_out_count": still_out.count()}
    counted["signed_in_count"] = chosen.signed_in().count()
    if verb.name == "delete":
        counted["log_on_count"] = User.objects.filter(contact__in=keys).count()
        counted["customer_count"] = chosen.exclude(customers=None).values("customers").distinct().count()
    return counted


VERBS = Verbs(
    model=Contact,
    namespace="contacts",
    order=("email_key", "pk"),
    acts={"delete": actions.delete, "disable": actions.disable, "enable": actions.enable},
    called=lambda contact: contact.name or contact.email,
    consequence=_consequence,
    in_the_way=("entitlements", "activations"),
)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    return VERBS.one(request, pk, name)


@require_POST
def ticked(request: HttpRequest, name: str) -> HttpResponse:
    return VERBS.ticked(request, name)
