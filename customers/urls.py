from django.urls import path, register_converter

from customers.views import editing, reading, verbs


class VerbConverter:
    regex = "|".join(verbs.VERBS)

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


class KeyConverter:
    """A primary key that fits every database; longer numbers are no address at all."""

    regex = "[0-9]{1,18}"

    def to_python(self, value):
        return int(value)

    def to_url(self, value):
        return str(value)


register_converter(VerbConverter, "customer_verb")
register_converter(KeyConverter, "key")

app_name = "customers"
urlpatterns = [
    path("", reading.index, name="list"),
    path("add/", editing.add, name="add"),
    path("same-name/", editing.same_name, name="same_name"),
    path("ticked/<customer_verb:name>/", verbs.ticked, name="ticked"),
    path("<key:pk>/", reading.detail, name="detail"),
    path("<key:pk>/edit/", editing.edit, name="edit"),
    path("<key:pk>/history/", reading.history, name="history"),
    path("<key:pk>/<customer_verb:name>/", verbs.one, name="verb"),
]
