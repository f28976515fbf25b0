"""For which customer a contact acts. In the portal there are enabled customers only."""

from django.contrib import messages
from django.http import Http404
from django.utils.translation import gettext as _

from customers.models import Association
from ems_site.status import Status

DEFAULT = "portal_customer"


class Acting:
    """The contact's associations, and the one that a page is about.

    A page of a customer's names it; for the others the session remembers a default.
    """

    def __init__(self, request, customer: int | None = None):
        self.associations = list(associations_of(request.user.contact))
        by_customer = {association.customer_id: association for association in self.associations}
        if customer is None:
            self.association = self._default(request, by_customer)
        elif customer in by_customer:
            self.association = by_customer[customer]
        else:
            raise Http404

    def _default(self, request, by_customer):
        """The one remembered, else the first; whoever lost the one they acted for is told."""
        first = self.associations[0] if self.associations else None
        remembered = request.session.get(DEFAULT)
        if first and remembered is not None and remembered not in by_customer:
            del request.session[DEFAULT]
            text = _("The customer that you acted for is not available any more. You act for %s now.")
            messages.warning(request, text % first.customer)
        return by_customer.get(remembered, first)

    @classmethod
    def as_administrator(cls, request, customer: int) -> "Acting":
        """For this customer, whose Administrator the contact has to be."""
        acting = cls(request, customer)
        if not acting.is_administrator:
            raise Http404
        return acting

    @property
    def customer(self):
        return self.association and self.association.customer

    @property
    def is_administrator(self) -> bool:
        return self.association is not None and self.association.kind == Association.Kind.ADMINISTRATOR

    @property
    def has_choice(self) -> bool:
        return len(self.associations) > 1


def associations_of(contact):
    enabled = contact.associations.filter(customer__status=Status.ENABLED)
    return enabled.select_related("customer").order_by("customer__name_key", "customer__pk")


def remember(request, customer: int) -> None:
    """For pages that name no customer themselves."""
    request.session[DEFAULT] = customer
