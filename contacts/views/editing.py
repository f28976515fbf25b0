"""The Add Contact and Edit Contact pages."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from contacts import actions
from contacts.forms import ContactForm
from contacts.models import Contact
from ems_site import conflicts
from ems_site.errors import Conflict, Gone
from ems_site.forms import add_refusal, kept

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("contacts.add_contact", raise_exception=True)
def add(request: HttpRequest) -> HttpResponse:
    return _page(request, Contact())


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(["contacts.view_contact", "contacts.change_contact"], raise_exception=True)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    contact = Contact.objects.filter(pk=pk).first()
    if contact:
        return _page(request, contact)
    if request.method == "POST":
        return _deleted(request, pk)
    raise Http404


def _page(request, contact):
    contact.known_as = str(contact)
    if request.method != "POST":
        return _show(request, ContactForm(instance=contact))
    data = conflicts.resolve(request.POST, contact)
    if "back" in data:
        return _show(request, _unchecked(contact, data))
    return _save(request, contact, data)


def _save(request, contact, data):
    adding, old_email = contact.pk is None, contact.email
    form = ContactForm(data, instance=contact)
    if not form.is_valid():
        return _show(request, form, status=UNPROCESSABLE)
    seen = contact.version
    try:
        actions.save(contact, by=request.user)
    except Conflict as conflict:
        return _show_conflict(request, contact, conflict, data)
    except Gone:
        return _deleted(request, contact.pk)
    except ValidationError as error:
        add_refusal(form, error)
        return _show(request, form, status=UNPROCESSABLE)
    if adding:
        _say_added(request, contact)
    elif contact.version != seen:
        _say_saved(request, contact, moved=contact.email != old_email)
    else:
        messages.info(request, f"Nothing was changed in {contact.known_as}.")
    return redirect(contact if request.user.has_perm("contacts.view_contact") else "contacts:add")


def _unchecked(contact, data):
    """The form with everything as it was typed."""
    return ContactForm(instance=contact, initial=data.dict())


def _deleted(request, pk):
    entry = conflicts.deletion(Contact, pk)
    if entry is None or not request.user.has_perm("contacts.add_contact"):
        raise Http404
    messages.error(
        request,
        f"{entry.actor_name or 'The system'} deleted {entry.subject_name} meanwhile. "
        "What you typed stands below: saving adds it as a new contact.",
    )
    return _show(request, _unchecked(Contact(), request.POST), status=409)


def _show(request, form, *, status=200):
    contact = form.instance
    context = {
        "form": form,
        "contact": contact if contact.pk else None,
        "action": reverse("contacts:edit", args=[contact.pk]) if contact.pk else reverse("contacts:add"),
        "typed": request.method == "POST",
    }
    return render(request, "contacts/form.html", context, status=status)


def _show_conflict(request, contact, conflict, data):
    entries = conflicts.since(conflict.current, contact.version)
    context = {
        "contact": conflict.current,
        "differences": conflicts.differences(contact, conflict.current, conflicts.values_before(entries)),
        "entries": entries,
        "kept": kept(data, but="version"),
    }
    return render(request, "contacts/conflict.html", context, status=409)


def _say_added(request, contact):
    links = format_html('<a href="{}">Add another contact</a>', reverse("contacts:add"))
    if request.user.has_perms(["contacts.view_contact", "contacts.change_contact"]):
        invite = reverse("contacts:invite", args=[contact.pk])
        links = format_html('<a href="{}" data-dialog>Send an invitation</a> {}', invite, links)
    messages.success(
        request, format_html('{} added. <span class="message-actions">{}</span>', contact, links)
    )


def _say_saved(request, contact, *, moved):
    if moved and contact.has_password():
        told = "The Email changed: the person is signed out, and both addresses are told."
        messages.success(request, f"{contact} saved. {told}")
    else:
        messages.success(request, f"{contact} saved.")
