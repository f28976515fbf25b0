from django.urls import path

from ems_site.demo import views

app_name = "mail"
urlpatterns = [
    path("", views.mails, name="list"),
    path("<str:name>/", views.one_mail, name="detail"),
]
