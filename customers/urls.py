from django.urls import path

from customers.views import associations, editing, reading, verbs

app_name = "customers"
urlpatterns = [
    *reading.PAGES.urls(),
    path("add/", editing.add, name="add"),
    path("same-name/", editing.same_name, name="same_name"),
    path("ticked/<verb:name>/", verbs.ticked, name="ticked"),
    path("<key:pk>/", reading.detail, name="detail"),
    path("<key:pk>/edit/", editing.edit, name="edit"),
    path("<key:pk>/history/", reading.history, name="history"),
    path("<key:pk>/invitations/<key:invitation>/withdraw/", associations.withdraw, name="withdraw"),
    path("<key:pk>/<verb:name>/", verbs.one, name="verb"),
]
