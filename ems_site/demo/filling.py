from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.accounts.checks import demo_password
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from ems_site.demo.diary import Diary
from ems_site.demo.log_ons import PEOPLE, STAFF
from ems_site.demo.story import tell
from entitlements.models import Entitlement

ROLE = "Customer Management"
KEYED_BY_US = (User, Contact, Customer, Entitlement)


def fill() -> Diary | None:
    """Fills an empty database with the demo; None and no change where anything is in it already."""
    with transaction.atomic():
        # Of two that start at once, one waits here until the other is done.
        Group.objects.select_for_update().get(name=ROLE)
        if any(model.objects.exists() for model in (*KEYED_BY_US, Entry)):
            return None
        # Hashing takes its time and leaves the interpreter to other threads.
        with ThreadPoolExecutor(max_workers=4) as pool:
            names = [*(member.username for member in STAFF), *(person.email for person in PEOPLE)]
            hashes = pool.map(make_password, map(demo_password, names))
            rights = {member.username: _rights(member) for member in STAFF}
            diary = tell(rights, timezone.now().date())
            password_of = dict(zip(names, hashes, strict=True))
        for user in diary.users:
            user.password = password_of[user.username]
        _write(diary, rights)
        return diary


def _rights(member):
    groups = Group.objects.filter(name=member.role)
    permissions = Permission.objects.filter(codename__in=[f"view_{model}" for model in member.may_view])
    return [*groups, *permissions.select_related("content_type")]


def _write(diary, rights):
    _insert(diary.contacts)
    # Before the customers, whose search keys hold the e-mails of their contacts.
    Association.objects.bulk_create(
        Association(customer_id=customer, contact_id=contact, kind=kind)
        for customer, kinds in diary.kinds.items()
        for contact, kind in kinds.items()
    )
    _insert(diary.customers)
    _insert(diary.entitlements)
    User.objects.bulk_create(diary.users)
    for user in diary.users:
        for right in rights.get(user.username, ()):
            held = user.groups if isinstance(right, Group) else user.user_permissions
            held.add(right)
    Entry.objects.bulk_create(diary.entries)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), KEYED_BY_US):
            cursor.execute(statement)


def _insert(rows):
    times = [(row.created, row.changed, row.pk) for row in rows]
    model = type(rows[0])
    model.objects.bulk_create(rows)
    # Inserting sets both times to now. A bulk_update of them would take longer than all inserts together.
    table = connection.ops.quote_name(model._meta.db_table)
    adapted = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET created = %s, changed = %s WHERE id = %s",  # noqa: S608
            [(adapted(created), adapted(changed), pk) for created, changed, pk in times],
        )
