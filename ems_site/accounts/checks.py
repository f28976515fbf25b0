from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections

from ems_site.folding import identity_key

DEMO_NAMES = (
    *("admin", "manager", "licensing", "viewer", "clerk"),
    *("standard@example.com", "administrator@example.com", "disabled@example.com"),
)


@register(Tags.database, deploy=True)
def demo_log_ons_do_not_work(app_configs, databases=None, **kwargs):
    """Everyone knows the demo's passwords: production does not start while one of them works."""
    from ems_site.accounts.models import User

    if settings.DEMO or "default" not in (databases or ()):
        return []
    if User._meta.db_table not in connections["default"].introspection.table_names():
        return []
    keys = [identity_key(name) for name in DEMO_NAMES]
    users = User.objects.filter(username_key__in=keys, is_active=True)
    open_doors = [user.username for user in users if user.check_password(demo_password(user.name_key()))]
    if not open_doors:
        return []
    return [
        Error(
            f"The demo log-on of {', '.join(open_doors)} works. Change its password or make it inactive.",
            id="accounts.E001",
        )
    ]


def demo_password(username: str) -> str:
    return "demo-" + username.lower().partition("@")[0]
