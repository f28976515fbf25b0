"""A list as a file to download."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods

from ems_site.accounts import password_again
from ems_site.labels import noun
from ems_site.lists.actions import exports as actions
from ems_site.lists.exports import (
    TURN_SECONDS,
    Download,
    Turn,
    all_attributes,
    number_of,
)
from ems_site.lists.listing import Listing
from ems_site.lists.spreadsheets import FORMATS, MOST_ROWS
from ems_site.rights import right_to

UNPROCESSABLE, TOO_MANY = 422, 429
RUNNING = (
    "Another export of yours is still under way. Wait until it is through, or cancel it in your browser."
)


class ExportForm(forms.Form):
    columns = forms.ChoiceField(choices=[("shown", "As shown"), ("all", "All attributes")], initial="shown")
    file_format = forms.ChoiceField(
        label="Format", choices=[(name, one.label) for name, one in FORMATS.items()], initial="xlsx"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest, lists: type[Listing]) -> HttpResponseBase:
    """GET says what the file will hold, POST streams it; the address is the list's own."""
    if not request.user.has_perms([right_to("view", lists.model), right_to("export", lists.model)]):
        raise PermissionDenied
    listing = lists(request.GET, request.user)
    form = ExportForm(request.POST if request.method == "POST" else None)
    asked = password_again.beside(request)
    number = number_of(listing)
    if not form.is_bound or not form.is_valid() or asked:
        return _show(request, listing, form, number, asked)
    turn = Turn(request.user)
    if not turn.take():
        return _show(request, listing, form, number, refusal=RUNNING)
    try:
        return _download(listing, form.cleaned_data, number, turn)
    except BaseException:
        turn.give_back()
        raise


def _download(listing, chosen, number, turn):
    name = chosen["file_format"]
    columns = all_attributes(listing) if chosen["columns"] == "all" else listing.columns
    by, file_format = listing.by, FORMATS[name]
    actions.export(listing, by=by, number=number, columns=columns, file_format=file_format.label)
    response = StreamingHttpResponse(
        Download(listing, columns, file_format, turn), content_type=file_format.content_type
    )
    file_name = f"{listing.name}-{timezone.now():%Y-%m-%d}.{name}"
    response["Content-Disposition"] = str(content_disposition_header(True, file_name))
    return response


def _show(request, listing, form, number, asked=None, *, refusal="") -> HttpResponse:
    context = {
        "list": listing,
        "number": number,
        "noun": noun(listing.model, number.number),
        "nouns": listing.model._meta.verbose_name_plural,
        "form": form,
        "all_attributes": all_attributes(listing),
        "asked": asked,
        "refusal": refusal,
        "rows_of_a_sheet": f"{MOST_ROWS - 1:,}",
        "has_several_sheets": number.number >= MOST_ROWS or not number.is_exact,
        "list_address": reverse(f"{listing.name}:list") + listing.here,
    }
    status = TOO_MANY if refusal else UNPROCESSABLE if form.is_bound else 200
    response = render(request, "lists/export.html", context, status=status)
    if refusal:
        response["Retry-After"] = str(TURN_SECONDS)
    return response
