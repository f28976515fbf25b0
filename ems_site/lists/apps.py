from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "ems_site.lists"
    label = "lists"
