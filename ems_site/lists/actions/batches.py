"""A verb done to all records that match a list, part by part; each part is one transaction with its history.

A batch keeps the keys that matched when its person said so, and to which of them the verb could not be
done then. What it does may be less: a record that does not match any longer, or to which the verb is not
done, is left out with the reason. It is never more.

The batch's row is locked first, before the rows that the verb locks. Whoever works on it has written its
heartbeat, and it is theirs as long as nobody wrote another one.
"""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ems_site.accounts.models import User
from ems_site.audit import actions as audit
from ems_site.errors import Refused
from ems_site.labels import counted
from ems_site.lists import left_out
from ems_site.lists.history import narrowing_of
from ems_site.lists.listing import LISTS, Listing
from ems_site.lists.matching import narrowing
from ems_site.lists.models import Batch, Part
from ems_site.plans import PLAN_SECONDS, Verb
from ems_site.verbs import Verbs

MOST = 250_000
# So long others wait who want to change the same, in SQLite anything. Delete takes ten times as long.
PART = 100
PART_OF_DELETE = 25
PLANS_KEPT = 5
# Whoever wrote no heartbeat for so long does not work on it any more.
SILENCE = timedelta(seconds=30)

LONGEST_WHY = Batch._meta.get_field("why").max_length
Status = Batch.Status


class TooMany(Refused):
    code = "too_many"

    def __init__(self, model: Any):
        nouns = model._meta.verbose_name_plural
        super().__init__(f"More than {MOST:,} {nouns} match. Narrow the list and select again.")


class NoneMatch(Refused):
    code = "none_match"

    def __init__(self, model: Any):
        super().__init__(f"None of the {model._meta.verbose_name_plural} matches any longer.")


class TooOld(Refused):
    code = "too_old"

    def __init__(self):
        super().__init__("This was planned too long ago. Select again in the list.")


def plan(listing: Listing, verb: Verb, *, by: User) -> Batch:
    """Freezes which records match now. Raises TooMany, NoneMatch."""
    keys = sorted(listing.records().values_list("pk", flat=True)[: MOST + 1])
    possible = verb.eligible(listing.records()).values_list("pk", flat=True)[: MOST + 1]
    if len(keys) > MOST:
        raise TooMany(listing.model)
    if not keys:
        raise NoneMatch(listing.model)
    with transaction.atomic():
        # Locked, because one that begins at this moment stays.
        planned = Batch.objects.select_for_update().filter(by=by, status=Status.PLANNED)
        old = [batch.pk for batch in planned][PLANS_KEPT - 1 :]
        Batch.objects.filter(pk__in=old).delete()
        batch = Batch.objects.create(
            listing=listing.name,
            query=narrowing(listing.query),
            verb=verb.name,
            by=by,
            total=len(keys),
        )
        size = min(PART, PART_OF_DELETE) if verb.name == "delete" else PART
        parts = [keys[start : start + size] for start in range(0, len(keys), size)]
        will = set(possible)
        Part.objects.bulk_create(
            Part(batch=batch, number=number, keys=part, spared=[key for key in part if key not in will])
            for number, part in enumerate(parts)
        )
        return batch


def start(batch: Batch, *, by: User, comment: str = "") -> bool:
    """Lets a planned one begin; False where it has begun already. Raises TooOld."""
    with transaction.atomic():
        held = _held(batch)
        if held is None or held.status != Status.PLANNED:
            return False
        if timezone.now() - held.created > timedelta(seconds=PLAN_SECONDS):
            raise TooOld
        held.comment, held.epoch = comment, by.session_epoch
        held.started = timezone.now()
        _go_to(held, Status.RUNNING)
        listing = LISTS[held.listing].of_query(held.query, by)
        _record(held, "started", by=by, changes=narrowing_of(listing))
        return True


def stop(batch: Batch, *, by: User) -> bool:
    """Lets it end after the part that is under way; False where it does not run. What somebody else
    stopped is not resumed."""
    with transaction.atomic():
        held = _held(batch)
        if held is None or held.status != Status.RUNNING:
            return False
        if by.pk == held.by_id:
            _go_to(held, Status.STOPPED)
            _record(held, "stopped", by=by)
        else:
            held.why = f"{by} stopped it."[:LONGEST_WHY]
            _end(held, Status.REFUSED, "stopped", by=by)
        return True


def resume(batch: Batch, *, by: User) -> bool:
    """Lets one that was stopped go on; False where it was not. Raises TooOld."""
    with transaction.atomic():
        held = _held(batch)
        if held is None or held.status != Status.STOPPED:
            return False
        if held.started and timezone.now() - held.started > timedelta(seconds=PLAN_SECONDS):
            raise TooOld
        held.why, held.epoch = "", by.session_epoch
        _go_to(held, Status.RUNNING)
        _record(held, "resumed", by=by)
        return True


def take_up(key: int) -> Batch | None:
    """The batch of this key for whoever is to work on it; None where there is nothing to do, or somebody
    else is at it."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).filter(pk=key).first()
        if batch is None or batch.status != Status.RUNNING:
            return None
        if batch.heartbeat and timezone.now() - batch.heartbeat < SILENCE:
            return None
        return _beat(batch)


def do_part(batch: Batch, verbs: Verbs) -> Batch | None:
    """Does the verb to the records of the next part, and returns the batch for the one after it; None
    where nothing is left to do for whoever works on it.

    A part with records that the action refuses is divided, until they stand alone and are left out.
    """
    try:
        with transaction.atomic():
            held = _still_ours(batch)
            return held and _do_part(held, verbs)
    except ValidationError as refusal:
        return set_apart(batch, verbs, " ".join(refusal.messages))


def _do_part(batch, verbs):
    part = _next_part(batch)
    if part is None:
        return _end(batch, Status.FINISHED, "finished", by=batch.by)
    by = User.objects.get(pk=batch.by_id)
    verb, listing = verbs.verbs[batch.verb], LISTS[batch.listing].of_query(batch.query, by)
    if why := _why_refused(batch, listing, verbs, verb):
        batch.why = f"It ended after {batch.done + batch.left_out:,} of {batch.total:,}: {why}"[:LONGEST_WHY]
        return _end(batch, Status.REFUSED, "refused", by=None)
    matching = listing.narrow(verbs.model.objects.filter(pk__in=part.keys), by_index=False)
    planned = verb.eligible(matching).exclude(pk__in=part.spared)
    done = verbs.acts[verb.name](planned, by=by, comment=batch.comment)
    rest = sorted(set(part.keys) - {record.pk for record in done})
    return _conclude(batch, part, left_out.told(rest, part.spared, listing, verbs, verb, by))


def _why_refused(batch, listing, verbs, verb):
    if not listing.by.may_log_on():
        return f"{listing.by} may not log on any longer."
    if listing.by.session_epoch != batch.epoch:
        return f"{listing.by} was signed out meanwhile."
    if not verbs.may(listing.by, verb):
        return f"{listing.by} may not {verb.name} {batch.listing} any longer."
    if narrowing(listing.query) != batch.query:
        return "the list cannot be read any longer as it was."
    return ""


def set_apart(batch: Batch, verbs: Verbs, why: str) -> Batch | None:
    """Divides the next part, in which something went wrong, until the record that is at fault stands alone
    and is left out."""
    with transaction.atomic():
        held = _still_ours(batch)
        return held and _divide(held, verbs, why)


def _divide(batch, verbs, refusal):
    part = _next_part(batch)
    middle = len(part.keys) // 2
    if not middle:
        (key,) = part.keys
        record = verbs.model.objects.filter(pk=key).first()
        return _conclude(batch, part, [(key, str(record or f"No. {key}"), refusal)])
    number = batch.parts.latest("number").number + 1
    Part.objects.create(batch=batch, number=number, keys=part.keys[middle:], spared=part.spared)
    part.keys = part.keys[:middle]
    part.save(update_fields=["keys"])
    return _beat(batch)


def _conclude(batch, part, rows):
    part.is_done, part.left_out = True, rows
    part.save(update_fields=["is_done", "left_out"])
    batch.done += len(part.keys) - len(rows)
    batch.left_out += len(rows)
    if _next_part(batch) is None:
        batch.save(update_fields=["done", "left_out"])
        return _end(batch, Status.FINISHED, "finished", by=User.objects.get(pk=batch.by_id))
    return _beat(batch)


def release(batch: Batch) -> None:
    """Lets somebody else take it up at once."""
    with transaction.atomic():
        if held := _still_ours(batch):
            _go_to(held, Status.RUNNING)


def break_off(batch: Batch, why: str) -> None:
    """Stops it because something went wrong; whoever worked on it leaves it."""
    with transaction.atomic():
        if held := _still_ours(batch):
            held.why = why
            _go_to(held, Status.STOPPED)
            _record(held, "stopped", by=None)


def tell_download(batch: Batch, *, by: User) -> None:
    """Writes down who takes along the names of what was left out."""
    with transaction.atomic():
        _record(batch, "downloaded", by=by)


def clean_up() -> int:
    """Deletes batches older than 30 days, and those planned a day ago; returns how many."""
    now, planned = timezone.now(), Q(status=Status.PLANNED)
    useless = Q(created__lt=now - timedelta(days=30)) | planned & Q(created__lt=now - timedelta(days=1))
    with transaction.atomic():
        return Batch.objects.filter(useless).delete()[1].get("lists.Batch", 0)


def _held(batch):
    return Batch.objects.select_for_update(no_key=True).filter(pk=batch.pk).first()


def _still_ours(batch):
    held = _held(batch)
    is_ours = held and held.status == Status.RUNNING and held.heartbeat == batch.heartbeat
    return held if is_ours else None


def _next_part(batch) -> Any:
    return batch.parts.filter(is_done=False).order_by("number").first()


def _beat(batch):
    batch.heartbeat = timezone.now()
    batch.save(update_fields=["heartbeat", "done", "left_out"])
    return batch


def _go_to(batch, status):
    batch.status, batch.heartbeat = status, None
    batch.save(update_fields=["status", "heartbeat", "comment", "epoch", "started", "ended", "why"])


def _end(batch, status, participle, *, by):
    batch.ended = timezone.now()
    _go_to(batch, status)
    _record(batch, participle, by=by)


def _record(batch, participle, *, by, changes=None):
    """`customer.batch_started`: Disable 1,204 customers."""
    model = LISTS[batch.listing].model
    name = f"{batch.verb.capitalize()} {counted(batch.total, model)}"
    if participle != "started":
        name += f": {batch.done:,} done, {batch.left_out:,} left out"
    code = f"{model._meta.model_name}.batch_{participle}"
    audit.record(code, model, by=by, name=name, changes=changes, comment=batch.comment)
