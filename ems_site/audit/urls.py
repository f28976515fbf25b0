from django.urls import path

from ems_site.audit import views

app_name = "audit"
urlpatterns = [path("", views.index, name="list")]
