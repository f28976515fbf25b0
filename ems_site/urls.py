from django.conf import settings
from django.contrib import admin
from django.urls import include, path, register_converter

from ems_site.converters import KeyConverter, TransitionConverter, VerbConverter

handler400 = "ems_site.failures.bad_request"
handler403 = "ems_site.failures.forbidden"
handler404 = "ems_site.failures.not_found"
handler500 = "ems_site.failures.server_error"

register_converter(KeyConverter, "key")
register_converter(VerbConverter, "verb")
register_converter(TransitionConverter, "transition")

contacts = [path("", include("contacts.urls")), path("", include("customers.contact_urls"))]
urlpatterns = [
    path("", include("ems_site.accounts.urls")),
    path("customers/", include("customers.urls")),
    path("contacts/", include((contacts, "contacts"))),
    path("entitlements/", include("entitlements.urls")),
    path("history/", include("ems_site.audit.urls")),
    path("search/", include("ems_site.search.urls")),
    path("portal/", include("ems_site.portal.urls")),
    path("admin/", admin.site.urls),
]
if settings.DEMO:
    urlpatterns.append(path("mail/", include("ems_site.demo.urls")))
