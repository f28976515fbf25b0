from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self):
        from customers import listing  # noqa: F401 - it makes the list known by its name.
