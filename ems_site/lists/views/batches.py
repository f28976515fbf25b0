"""A verb for all that match a list: what it would do, how far it is, what it left out."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from ems_site.accounts import password_again
from ems_site.errors import Refused
from ems_site.forms import ReasonForm
from ems_site.lists import left_out, matching, running
from ems_site.lists.actions import batches as actions
from ems_site.lists.counting import Count
from ems_site.lists.listing import Listing
from ems_site.lists.models import Batch
from ems_site.lists.reports import Outlook, Report
from ems_site.lists.spreadsheets import FORMATS
from ems_site.lists.time_limits import time_limit
from ems_site.parameters import whole_number
from ems_site.requests import Request
from ems_site.rights import right_to
from ems_site.verbs import OF

UNPROCESSABLE = 422
# A list page has to answer sooner: this is asked for once, by those who may change what they ask for.
SECONDS = 20
UNREADABLE = "What was selected cannot be read: it may be too old, or not yours. Select again in the list."
CHANGED = "You may not filter the list like this any longer. Select again in the list."

Status = Batch.Status


def urls(lists: type[Listing], verb: str) -> list:
    """The addresses of a list; verb is the converter of its verbs."""
    given = {"lists": lists}
    return [
        path(f"matching/<{verb}:name>/", plan, given, name="matching"),
        path("batches/<uuid:uuid>/", show, given, name="batch"),
        path("batches/<uuid:uuid>/start/", start, given, name="batch_start"),
        path("batches/<uuid:uuid>/stop/", stop, given, name="batch_stop"),
        path("batches/<uuid:uuid>/resume/", resume, given, name="batch_resume"),
        path("batches/<uuid:uuid>/left-out/", download, given, name="batch_left_out"),
    ]


@require_POST
def plan(request: Request, lists: type[Listing], name: str) -> HttpResponse:
    """Freezes what matches, and leads to the page that shows what would be done."""
    verbs = OF[lists.name]
    verb = verbs.verbs.get(name)
    if verb is None:
        raise Http404
    if not verbs.may(request.user, verb):
        raise PermissionDenied
    if verb.needs_a_look():
        return _refuse(
            request, lists, f"What becomes of each is seen before you {name} it: tick them in the list."
        )
    said = matching.read(request.POST.get("matching", ""), request.user)
    if said is None or said.listing != lists.name:
        return _refuse(request, lists, UNREADABLE)
    listing = lists.of_query(said.query, request.user)
    if matching.narrowing(listing.query) != matching.narrowing(said.query):
        return _refuse(request, lists, CHANGED)
    try:
        with time_limit(SECONDS):
            batch = actions.plan(listing, verb, by=request.user)
    except Refused as refusal:
        return _refuse(request, lists, str(refusal), said.query)
    if said.differs_from(batch.total):
        messages.warning(
            request, f"The list said {Count(said.number, said.is_exact)}. Meanwhile {batch.total:,} match."
        )
    return redirect(Report(batch).address)


def _refuse(request, lists, sentence, query=""):
    nouns = lists.model._meta.verbose_name_plural
    address = reverse(f"{lists.name}:list") + (f"?{query}" if query else "")
    context = {"sentence": sentence, "nouns": nouns, "list_address": address}
    return render(request, "lists/unplanned.html", context, status=UNPROCESSABLE)


def _batch(request, lists, uuid, *, own=False) -> Batch:
    """The person's own; superusers see everybody's, and stop them."""
    if not OF[lists.name].may_view(request.user):
        raise PermissionDenied
    found = Batch.objects.filter(listing=lists.name, uuid=uuid)
    if own or not request.user.is_superuser:
        found = found.filter(by=request.user)
    return get_object_or_404(found.select_related("by"))


@require_safe
def show(request: Request, lists: type[Listing], uuid: UUID) -> HttpResponse:
    """What is planned; then how far it is, and what came of it."""
    batch = _batch(request, lists, uuid)
    if batch.status == Status.PLANNED:
        return _show_plan(request, lists, batch)
    report = Report(batch)
    if report.is_waiting or report.is_interrupted:
        running.take_up(batch)
    if request.htmx:
        return _show_progress(request, report)
    context = {"is_own": batch.by == request.user, "may_export": _may_export(request, lists)}
    return render(request, "lists/batch.html", context | _words(report))


def _show_progress(request, report):
    # Nobody has to be there for a page that asks by itself.
    request.session.keep_as_it_is()
    if not report.is_running:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"report": report, "said": whole_number(request.GET.get("said"), at_most=100)}
    return render(request, "lists/_progress.html", context)


def _words(report):
    kind = report.model._meta
    return {
        "report": report,
        "batch": report.batch,
        "verb": report.verb,
        "namespace": report.batch.listing,
        "noun": kind.verbose_name,
        "nouns": kind.verbose_name_plural,
        "list_address": report.list_address,
    }


def _show_plan(request, lists, batch, *, refusal="", status=200):
    try:
        with time_limit(SECONDS):
            outlook = Outlook(batch, batch.by)
            consequence = outlook.consequence()
            reasons = outlook.reasons
    except Refused as refused:
        return _refuse(request, lists, str(refused))
    context = {
        "outlook": outlook,
        "reasons": reasons,
        "list": outlook.listing,
        "refusal": refusal,
        "reason_form": ReasonForm(request.POST or None),
        "is_own": batch.by == request.user,
        "counts": consequence,
        **_words(outlook.report),
        **consequence,
    }
    return render(request, "lists/matching.html", context, status=status)


@require_POST
def start(request: Request, lists: type[Listing], uuid: UUID) -> HttpResponse:
    """Does what was planned and shown; once, however often it is posted."""
    batch = _batch(request, lists, uuid, own=True)
    _require(request, batch)
    if batch.status != Status.PLANNED:
        return redirect(Report(batch).address)
    if asked := _password(request, batch):
        return asked
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _show_plan(request, lists, batch, refusal=form.errors["comment"][0], status=UNPROCESSABLE)
    try:
        has_begun = actions.start(batch, by=request.user, comment=form.cleaned_data["comment"])
    except Refused as refusal:
        return _refuse(request, lists, str(refusal), batch.query)
    if has_begun:
        running.begin(batch)
    return redirect(Report(batch).address)


def _require(request, batch):
    verbs = OF[batch.listing]
    if not verbs.may(request.user, verbs.verbs[batch.verb]):
        raise PermissionDenied


def _password(request, batch):
    return password_again.ask(request) if batch.verb == "delete" else None


@require_POST
def stop(request: Request, lists: type[Listing], uuid: UUID) -> HttpResponse:
    batch = _batch(request, lists, uuid)
    actions.stop(batch, by=request.user)
    return redirect(Report(batch).address)


@require_POST
def resume(request: Request, lists: type[Listing], uuid: UUID) -> HttpResponse:
    batch = _batch(request, lists, uuid, own=True)
    _require(request, batch)
    if asked := _password(request, batch):
        return asked
    try:
        goes_on = actions.resume(batch, by=request.user)
    except Refused as refusal:
        return _refuse(request, lists, str(refusal), batch.query)
    if goes_on:
        running.begin(batch)
    return redirect(Report(batch).address)


@require_POST
def download(request: Request, lists: type[Listing], uuid: UUID) -> HttpResponseBase:
    """What was left out as a CSV file. It may hold as much as an export does, and asks for the same."""
    batch = _batch(request, lists, uuid)
    if not _may_export(request, lists):
        raise PermissionDenied
    if batch.status in {Status.PLANNED, Status.RUNNING}:
        return redirect(Report(batch).address)
    if asked := password_again.ask(request):
        return asked
    actions.tell_download(batch, by=request.user)
    rows = ([[str(key), name, reason] for key, name, reason in part] for part in left_out.parts_of(batch))
    csv = FORMATS["csv"]
    parts = csv.write("Left out", ["key", "name", "reason"], rows)
    response = StreamingHttpResponse(parts, content_type=csv.content_type)
    file_name = f"{lists.name}-not-{Report(batch).verb.done}.csv"
    response["Content-Disposition"] = str(content_disposition_header(True, file_name))
    return response


def _may_export(request, lists):
    return request.user.has_perm(right_to("export", lists.model))
