import secrets
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from contacts.models import Contact, Invitation
from customers.models import Association, AssociationOffer, Customer
from ems_site.accounts.checks import demo_password
from ems_site.accounts.models import LogOn, User
from ems_site.audit.models import Entry
from ems_site.demo.diary import Diary
from ems_site.demo.log_ons import PEOPLE, STAFF
from ems_site.demo.story import tell
from ems_site.folding import search_key
from entitlements.models import Activation, Entitlement, ProductKey

ROLE = "Customer Management"
KEYED_BY_US = (User, Contact, Invitation, Customer, Entitlement, ProductKey, Activation)


def fill() -> Diary | None:
    """Fills an empty database with the demo; None and no change where anything is in it already."""
    if not _is_empty():
        return None
    rights = {member.username: _rights(member) for member in STAFF}
    diary = _told(rights)
    with transaction.atomic():
        # Of two that start at once, one waits here until the other is done.
        Group.objects.select_for_update().get(name=ROLE)
        if not _is_empty():
            return None
        _write(diary, rights)
        return diary


def _is_empty():
    return not any(model.objects.exists() for model in (*KEYED_BY_US, Entry))


def _told(rights):
    # Hashing takes its time and leaves the interpreter to other threads.
    with ThreadPoolExecutor(max_workers=4) as pool:
        names = [*(member.username for member in STAFF), *(person.email for person in PEOPLE)]
        # Those who are not named here have a password that nobody knows.
        hashes = pool.map(make_password, [secrets.token_urlsafe(), *map(demo_password, names)])
        diary = tell(rights, timezone.now().date())
        unknown = next(hashes)
        password_of = dict(zip(names, hashes, strict=True))
    for user in diary.users:
        user.password = password_of.get(user.username, unknown)
    return diary


def _rights(member):
    groups = Group.objects.filter(name__in=member.roles).order_by("name")
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
    _name_customers(diary.contacts)
    # Before the entitlements, whose search keys hold their products.
    ProductKey.objects.bulk_create(diary.ledger.product_keys)
    _insert(diary.ledger.entitlements)
    Activation.objects.bulk_create(diary.ledger.activations)
    _insert(diary.invitations, stamps=("created",))
    AssociationOffer.objects.bulk_create(diary.invited)
    User.objects.bulk_create(diary.users)
    LogOn.objects.bulk_create(diary.log_ons)
    for user in diary.users:
        for right in rights.get(user.username, ()):
            held = user.groups if isinstance(right, Group) else user.user_permissions
            held.add(right)
    Entry.objects.bulk_create(diary.entries)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), KEYED_BY_US):
            cursor.execute(statement)


def _insert(rows, stamps=("created", "changed")):
    times = [[*(getattr(row, name) for name in stamps), row.pk] for row in rows]
    model = type(rows[0])
    model.objects.bulk_create(rows)
    # Inserting sets these times to now. A bulk_update of them would take longer than all inserts together.
    table = connection.ops.quote_name(model._meta.db_table)
    adapted = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in stamps)} WHERE id = %s",  # noqa: S608
            [[*map(adapted, when), pk] for *when, pk in times],
        )


def _name_customers(contacts):
    """Contacts are found by their customers, which were not there yet when they were inserted."""
    number = list(Contact.SEARCHED).index("customer")
    names: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    links = Association.objects.order_by("customer_id").values_list(
        "contact", "customer__name", "customer__customer_id"
    )
    for contact, *texts in links:
        names[contact] += [(number, text) for text in texts]
    for contact in contacts:
        contact.customers_key = search_key(names[contact.pk])
    table = connection.ops.quote_name(Contact._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET customers_key = %s WHERE id = %s",  # noqa: S608
            [(contact.customers_key, contact.pk) for contact in contacts],
        )
