from django.urls import path

from entitlements.views import activations, editing, reading, verbs

app_name = "entitlements"
urlpatterns = [
    *reading.PAGES.urls(),
    path("add/", editing.add, name="add"),
    path("ticked/<transition:name>/", verbs.ticked, name="ticked"),
    path("<key:pk>/", reading.detail, name="detail"),
    path("<key:pk>/edit/", editing.edit, name="edit"),
    path("<key:pk>/copy/", editing.copy, name="copy"),
    path("<key:pk>/history/", reading.history, name="history"),
    path("<key:pk>/activate/", activations.activate, name="activate"),
    path("<key:pk>/activations/<key:activation>/license/", activations.license_file, name="license"),
    path("<key:pk>/activations/<key:activation>/revoke/", activations.revoke, name="revoke"),
    path("<key:pk>/<transition:name>/", verbs.one, name="verb"),
]
