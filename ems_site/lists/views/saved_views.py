"""The views of a list that people keep under a name."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from ems_site.errors import Refused
from ems_site.forms import add_refusal
from ems_site.lists.actions import saved_views as actions
from ems_site.lists.forms import ViewForm
from ems_site.lists.listing import Listing
from ems_site.lists.models import SavedView
from ems_site.requests import Request
from ems_site.rights import right_to

UNPROCESSABLE = 422


def urls(lists: type[Listing]) -> list:
    given = {"lists": lists}
    return [
        path("views/", views, given, name="views"),
        path("views/<key:pk>/", edit, given, name="view"),
        path("views/<key:pk>/delete/", delete, given, name="delete_view"),
        path("views/<key:pk>/default/", default, given, name="default_view"),
    ]


def address_of(view: SavedView) -> str:
    """Of the list as this view shows it to whoever opens it."""
    return reverse(f"{view.listing}:list") + f"?{view.query}{'&' if view.query else ''}view={view.pk}"


@require_http_methods(["GET", "HEAD", "POST"])
def views(request: Request, lists: type[Listing]) -> HttpResponse:
    """All that the person may open. A post keeps the list of this address under a name."""
    _require(request, lists)
    listing = lists(request.GET, request.user)
    if request.method != "POST":
        return _show(request, listing, ViewForm(nouns=_nouns(lists)))
    view = SavedView(listing=lists.name, owner=request.user, query=listing.query)
    form = ViewForm(request.POST, instance=view, nouns=_nouns(lists))
    if not _saved(request, form):
        return _show(request, listing, form, status=UNPROCESSABLE)
    messages.success(request, f"View “{view}” saved.")
    return redirect(address_of(view))


def _show(request, listing, form, *, status=200):
    found = SavedView.objects.visible_to(request.user, listing.name).select_related("owner")
    context = {
        "list": listing,
        "form": form,
        "views": _described(request, found),
        "nouns": _nouns(type(listing)),
        "action": request.get_full_path(),
    }
    return render(request, "lists/views.html", context, status=status)


def _described(request, found):
    """Each with its address, and what the person may do to it."""
    default = set(request.user.default_views.values_list("view", flat=True))
    for view in found:
        view.address = address_of(view)
        view.is_default = view.pk in default
        view.may_be_changed = view.may_be_changed_by(request.user)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, lists: type[Listing], pk: int) -> HttpResponse:
    """Names and shares it. With `update` it shows from now on what the list of this address shows."""
    view = _own(request, lists, pk)
    if request.method == "POST" and "update" in request.POST:
        return _update(request, view, lists(request.GET, request.user))
    initial = {"is_default": request.user.default_views.filter(view=view).exists()}
    # Its dialog opens over the page that has the form of a new view.
    form = ViewForm(
        request.POST or None, instance=view, initial=initial, nouns=_nouns(lists), auto_id="edit_%s"
    )
    if request.method == "POST" and _saved(request, form):
        messages.success(request, f"View “{view}” saved.")
        return redirect(f"{lists.name}:views")
    context = {"view": view, "form": form, "nouns": _nouns(lists), "listing": lists.name}
    return render(
        request, "lists/view.html", context, status=UNPROCESSABLE if request.method == "POST" else 200
    )


def _update(request, view, listing):
    view.query = listing.query
    try:
        actions.save(view, by=request.user, fields=["query"])
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(reverse(f"{view.listing}:list") + listing.here)
    messages.success(request, f"View “{view}” updated.")
    return redirect(address_of(view))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, lists: type[Listing], pk: int) -> HttpResponse:
    view = _own(request, lists, pk)
    if request.method != "POST":
        others = view.defaults.exclude(person=request.user).count()
        return render(
            request, "lists/view_delete.html", {"view": view, "others": others, "nouns": _nouns(lists)}
        )
    try:
        actions.remove(view, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"View “{view}” deleted.")
    return redirect(f"{lists.name}:views")


@require_POST
def default(request: Request, lists: type[Listing], pk: int) -> HttpResponse:
    """The list opens with it, or with `on=0` not any more."""
    view = _visible(request, lists, pk)
    is_default = request.POST.get("on") != "0"
    try:
        actions.set_default(view, by=request.user, is_default=is_default)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        how = f"with “{view}”" if is_default else "without a view"
        messages.success(request, f"{_nouns(lists).capitalize()} open {how}.")
    return redirect(f"{lists.name}:views")


def _saved(request, form):
    """Whether the form was saved; otherwise it says why not."""
    if not form.is_valid():
        return False
    try:
        is_default = form.cleaned_data["is_default"]
        is_said = is_default or "is_default" in form.changed_data
        fields = ("name", "is_shared") if form.instance.pk else SavedView.ATTRIBUTES
        actions.save(
            form.instance, by=request.user, fields=fields, is_default=is_default if is_said else None
        )
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return False
    return True


def _nouns(lists):
    return lists.model._meta.verbose_name_plural


def _require(request, lists):
    if not request.user.has_perm(right_to("view", lists.model)):
        raise PermissionDenied


def _visible(request, lists, pk):
    _require(request, lists)
    return get_object_or_404(SavedView.objects.visible_to(request.user, lists.name), pk=pk)


def _own(request, lists, pk):
    view = _visible(request, lists, pk)
    if not view.may_be_changed_by(request.user):
        raise PermissionDenied
    return view
