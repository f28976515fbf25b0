from django.apps import AppConfig


class EntitlementsConfig(AppConfig):
    name = "entitlements"

    def ready(self):
        from entitlements import listing  # noqa: F401 - it makes the list known by its name.
