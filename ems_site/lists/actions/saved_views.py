"""Named addresses of lists. What others can see of them leaves an entry in the history."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from ems_site.accounts.models import User
from ems_site.audit import actions as audit
from ems_site.audit.changes import differences, first_values, last_values
from ems_site.errors import Gone, Refused
from ems_site.lists.listing import LISTS
from ems_site.lists.models import DefaultView, SavedView

MOST_VIEWS = 100


class TooManyViews(Refused):
    code = "too_many_views"

    def __init__(self):
        super().__init__(f"You have {MOST_VIEWS} views already. Delete one that you do not need any more.")


class NotYours(Refused):
    code = "not_yours"

    def __init__(self, view: SavedView):
        super().__init__(f"{view} is not your view.")


def save(
    view: SavedView,
    *,
    by: User,
    fields: Iterable[str] = SavedView.ATTRIBUTES,
    is_default: bool | None = None,
) -> SavedView:
    """Adds the view, or saves these fields of it; is_default says whether the person's list opens with it.

    Of the query is kept what the list makes of it for this person. Raises ValidationError for a name that
    is taken, TooManyViews, NotYours, and Gone where somebody deleted it. Then nothing is saved.
    """
    try:
        with transaction.atomic():
            saved = _add(view, by) if view._state.adding else _change(view, by, set(fields))
            if is_default is not None:
                set_default(saved, by=by, is_default=is_default)
            return saved
    except IntegrityError:
        view.full_clean()
        raise


def _add(view, by):
    view.owner = by
    # One at a time, or two would both be the hundredth.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if by.saved_views.count() >= MOST_VIEWS:
        raise TooManyViews
    view.query = _normal(view, by)
    view.full_clean()
    view.save()
    if view.is_shared:
        _record("view.added", view, by, first_values(view))
    return view


def _change(view, by, fields):
    current = _held(view, by)
    for name in fields.symmetric_difference(SavedView.ATTRIBUTES):
        setattr(view, name, getattr(current, name))
    if view.query != current.query:
        view.query = _normal(view, by)
    view.full_clean()
    changes = differences(current, view)
    if not changes:
        return view
    view.save()
    if not view.is_shared:
        DefaultView.objects.filter(view=view).exclude(person=view.owner_id).delete()
    if current.is_shared or view.is_shared:
        _record("view.changed", view, by, changes)
    return view


@transaction.atomic
def remove(view: SavedView, *, by: User) -> None:
    """Deletes the view. Whose list opened with it sees the plain list again."""
    current = _held(view, by)
    if current.is_shared:
        _record("view.deleted", current, by, last_values(current))
    current.delete()


@transaction.atomic
def set_default(view: SavedView, *, by: User, is_default: bool = True) -> None:
    """Lets the list open with this view for the person, or not with it any more."""
    if not is_default:
        DefaultView.objects.filter(person=by, view=view).delete()
        return
    visible = SavedView.objects.visible_to(by, view.listing).filter(pk=view.pk)
    if not visible.select_for_update(no_key=True).first():
        raise Gone(f"{view} has been deleted meanwhile, or is not shared any more.")
    DefaultView.objects.update_or_create(person=by, listing=view.listing, defaults={"view": view})


def _held(view, by):
    current = SavedView.objects.select_for_update(no_key=True).filter(pk=view.pk).first()
    if current is None:
        raise Gone(f"{view} has been deleted meanwhile.")
    if not current.may_be_changed_by(by):
        raise NotYours(current)
    return current


def _normal(view, by):
    return LISTS[view.listing].of_query(view.query, by).query


def _record(code, view, by, changes):
    audit.record(code, view, by=by, name=f"{view} ({view.listing})", changes=changes)
