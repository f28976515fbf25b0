from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "ems_site.accounts"
    label = "accounts"

    def ready(self):
        from ems_site.accounts import checks  # noqa: F401
