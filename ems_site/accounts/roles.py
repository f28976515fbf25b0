"""Roles that come with the product: groups, and what their members may do."""

from collections.abc import Iterable

ROLES = {
    "Customer Management": (
        "customers.add_customer",
        "customers.change_customer",
        "customers.delete_customer",
        "customers.view_customer",
        "contacts.add_contact",
        "contacts.change_contact",
        "contacts.delete_contact",
        "contacts.view_contact",
        "entitlements.view_entitlement",
        "audit.view_entry",
    ),
    "Entitlement Management": (
        "entitlements.add_entitlement",
        "entitlements.change_entitlement",
        "entitlements.delete_entitlement",
        "entitlements.view_entitlement",
        "customers.view_customer",
        "contacts.view_contact",
        "audit.view_entry",
    ),
    # Held besides another role: what may be exported is what may be viewed.
    "Export": (
        "customers.export_customer",
        "contacts.export_contact",
        "entitlements.export_entitlement",
    ),
}


def apply(apps, using: str = "default", roles: Iterable[str] = tuple(ROLES)) -> None:
    """Makes each of these roles hold exactly its permissions.

    Works with a migration's models as well as with the real ones, and whether or not Django has
    made the permissions yet: it does that only after the last migration.
    """
    group_of = apps.get_model("auth", "Group").objects.using(using)
    for name in roles:
        group, _ = group_of.get_or_create(name=name)
        group.permissions.set([_permission(apps, using, permission) for permission in ROLES[name]])


def _permission(apps, using, permission):
    app_label, codename = permission.split(".")
    action, model = codename.split("_")
    content_type, _ = (
        apps.get_model("contenttypes", "ContentType")
        .objects.using(using)
        .get_or_create(app_label=app_label, model=model)
    )
    found, _ = (
        apps.get_model("auth", "Permission")
        .objects.using(using)
        .get_or_create(
            content_type=content_type, codename=codename, defaults={"name": f"Can {action} {model}"}
        )
    )
    return found
