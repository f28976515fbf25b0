"""Writing history. Called by actions only, inside the transaction of what they record."""

from django.db import models

from ems_site import context
from ems_site.audit.models import Entry


def record(
    code: str,
    subject: models.Model | type[models.Model],
    *,
    by,
    changes: dict | None = None,
    comment: str = "",
    name: str = "",
) -> Entry:
    """Writes down what happened to the subject: a record or, where many are concerned, their model, with
    name as what they are called together (`1,204 customers`).

    code is a noun, a dot and a past participle (`customer.disabled`). changes maps a field's name,
    or `kind:key:label` for a link to something else, to its old and new value as JSON can hold them.
    by is the user who did it, or None for the system itself. Never hand in a secret.
    """
    return Entry.objects.create(
        code=code,
        subject_kind=subject._meta.label_lower,
        subject_key=0 if isinstance(subject, type) else subject.pk,
        subject_name=(name or str(subject))[:500],
        version=None if isinstance(subject, type) else getattr(subject, "version", None),
        actor_key=by.pk if by else None,
        actor_name=by.get_username() if by else "",
        client_address=context.client_address.get(),
        request_id=context.request_id.get(),
        changes=changes or {},
        comment=comment,
    )
