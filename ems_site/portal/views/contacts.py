"""What an Administrator sees and does about the contacts of a customer.

Every address names the customer, and every request asks anew whether the person is its Administrator.
"""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import actions
from customers.models import offers_of
from ems_site import failures
from ems_site.accounts import throttles
from ems_site.errors import Refused
from ems_site.forms import add_refusal
from ems_site.paging import Pages
from ems_site.portal.acting import Acting
from ems_site.portal.forms import InviteForm
from ems_site.portal.pages import UNPROCESSABLE, portal_page, show
from entitlements.models import Entitlement


@require_safe
@portal_page
def index(request, customer: int):
    acting = Acting.as_administrator(request, customer)
    associations = acting.customer.associations.select_related("contact").order_by("contact__email_key")
    context = {
        "pages": Pages(associations, request.GET, {}),
        "invitations": offers_of(acting.customer).pending(),
    }
    return show(request, "contacts.html", context, section="contacts", acting=acting)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def invite(request, customer: int):
    """Says the same of every address that is not a contact of this customer."""
    acting = Acting.as_administrator(request, customer)
    form = InviteForm(acting.customer, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _form(request, acting, form)
    if not throttles.invitation(request.user):
        return failures.too_many(request, minutes=60)
    email, language = form.cleaned_data["email"], request.user.contact.language
    try:
        actions.invite(acting.customer, email, by=request.user, language=language)
    except Refused as refusal:
        add_refusal(form, refusal)
        return _form(request, acting, form)
    messages.success(request, gettext("The invitation of %(email)s is on its way.") % {"email": email})
    return redirect("portal:contacts", acting.customer.pk)


def _form(request, acting, form):
    status = UNPROCESSABLE if form.is_bound else 200
    return show(request, "invite.html", {"form": form}, section="contacts", acting=acting, status=status)


@require_POST
@portal_page
def withdraw(request, customer: int, pk: int):
    acting = Acting.as_administrator(request, customer)
    invitation = get_object_or_404(offers_of(acting.customer).pending(), pk=pk)
    actions.withdraw(invitation, by=request.user)
    text = gettext("The invitation of %(email)s is withdrawn.") % {"email": invitation.email}
    messages.success(request, text)
    return redirect("portal:contacts", acting.customer.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def end(request, customer: int, pk: int):
    """GET shows the consequence, which is the confirmation."""
    acting = Acting.as_administrator(request, customer)
    association = get_object_or_404(acting.customer.associations.select_related("contact"), contact=pk)
    is_own = association.contact_id == request.user.contact_id
    if request.method == "POST" and not is_own:
        return _end(request, acting.customer, association.contact)
    addressed = Entitlement.objects.completed().filter(customer=acting.customer, contact=pk)
    context = {
        "association": association,
        "contact": association.contact,
        "is_own": is_own,
        "addressed": addressed.count(),
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return show(request, "end.html", context, section="contacts", acting=acting, status=status)


def _end(request, customer, contact):
    try:
        actions.dismiss(customer, contact, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        text = gettext("%(contact)s is no longer a contact of %(customer)s.")
        messages.success(request, text % {"contact": contact, "customer": customer})
    return redirect("portal:contacts", customer.pk)
