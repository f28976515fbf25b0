from django.contrib import admin
from django.urls import include, path

handler400 = "ems_site.failures.bad_request"
handler403 = "ems_site.failures.forbidden"
handler404 = "ems_site.failures.not_found"
handler500 = "ems_site.failures.server_error"

urlpatterns = [
    path("", include("ems_site.accounts.urls")),
    path("customers/", include("customers.urls")),
    path("history/", include("ems_site.audit.urls")),
    path("admin/", admin.site.urls),
]
