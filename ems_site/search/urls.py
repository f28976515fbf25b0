from django.urls import path

from ems_site.search import views

urlpatterns = [path("", views.index, name="search")]
