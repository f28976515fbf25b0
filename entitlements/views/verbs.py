"""Complete, Disable, Enable, Close and Delete: one entitlement, or those ticked in the list."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from ems_site.accounts.models import User
from ems_site.plans import Verb
from ems_site.verbs import Verbs
from entitlements import actions
from entitlements.models import Activation, Entitlement, ProductKey


def _verb(name: str, done: str, right: str = "change", **more) -> Verb:
    return Verb(name, done, right, eligible=lambda records: records.that_may(name), **more)


def _to_be_stored(entitlement: Entitlement) -> str:
    """Whose it becomes, and the windows of its product keys: both follow from the customer, too."""
    windows = [f"{key}: {key.validity()}" for key in entitlement.product_keys.all()]
    return "\n".join([str(entitlement.customer), *windows])


def _same_owner(entitlement: Entitlement) -> Q:
    zone = entitlement.time_zone()
    return Q(pk=entitlement.pk, customer=entitlement.customer_id, customer__time_zone=zone)


def _consequence(verb: Verb, entitlements: list[Entitlement], by: User) -> dict:
    """What it is about in numbers; for Complete of one the product keys, whose windows are stored then."""
    counted: dict = {"count": len(entitlements)}
    if verb.name == "complete":
        one = entitlements[0] if len(entitlements) == 1 else None
        return counted | {"product_keys": one.product_keys.all() if one else []}
    if verb.name == "delete":
        return counted | {"product_count": ProductKey.objects.filter(entitlement__in=entitlements).count()}
    activations = Activation.objects.in_force().filter(product_key__entitlement__in=entitlements)
    return counted | {"activation_count": activations.count()}


VERBS = Verbs(
    model=Entitlement,
    namespace="entitlements",
    order=("-pk",),
    acts={
        "complete": actions.complete,
        "disable": actions.disable,
        "enable": actions.enable,
        "close": actions.close,
        "delete": actions.delete,
    },
    called=lambda entitlement: entitlement.eid,
    consequence=_consequence,
    verbs={
        verb.name: verb
        for verb in [
            _verb("complete", "completed", seen=_to_be_stored, unchanged=_same_owner),
            _verb("disable", "disabled", way_back="enable"),
            _verb("enable", "enabled", way_back="disable"),
            _verb("close", "closed", button_class="btn-danger"),
            _verb("delete", "deleted", right="delete", button_class="btn-danger"),
        ]
    },
    why_not=lambda verb, entitlement: entitlement.why_not(verb.name),
    in_the_way=(),
    loaded=lambda entitlements: entitlements.select_related("customer", "contact").prefetch_related(
        "product_keys"
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    return VERBS.one(request, pk, name)


@require_POST
def ticked(request: HttpRequest, name: str) -> HttpResponse:
    return VERBS.ticked(request, name)
