"""The pages of contacts; ems_site.urls gives them their namespace, where those of customers join them."""

from django.urls import path

from contacts.views import detail, editing, log_on, reading, verbs

urlpatterns = [
    *reading.PAGES.urls(),
    path("add/", editing.add, name="add"),
    path("ticked/<verb:name>/", verbs.ticked, name="ticked"),
    path("<key:pk>/", detail.detail, name="detail"),
    path("<key:pk>/edit/", editing.edit, name="edit"),
    path("<key:pk>/history/", detail.history, name="history"),
    path("<key:pk>/invite/", log_on.invite, name="invite"),
    path("<key:pk>/password/", log_on.password, name="password"),
    path("<key:pk>/sign-out/", log_on.sign_out, name="sign_out"),
    path("<key:pk>/<verb:name>/", verbs.one, name="verb"),
]
