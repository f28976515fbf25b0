from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self):
        from contacts import listing  # noqa: F401 - it makes the list known by its name.
