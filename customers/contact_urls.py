"""What customers add to a contact's pages; ems_site.urls puts them among the others of contacts."""

from django.urls import path

from customers.views import associations

urlpatterns = [path("<key:pk>/customers/", associations.of_contact, name="customers")]
