"""The Contacts page."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from contacts.listing import ContactList
from contacts.models import Contact
from ems_site.status import Status


@require_safe
@permission_required("contacts.view_contact", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    sees_customers = request.user.has_perm("customers.view_customer")
    sees_entitlements = request.user.has_perm("entitlements.view_entitlement")
    listing = ContactList(request.GET, with_customers=sees_customers, with_entitlements=sees_entitlements)
    context = {
        "list": listing,
        "sees_customers": sees_customers,
        "sees_entitlements": sees_entitlements,
        "statuses": Status.choices,
        "none_at_all": not listing.pages.total and not Contact.objects.exists(),
    }
    return render(request, "contacts/index.html", context)
