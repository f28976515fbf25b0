from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "ems_site.demo"
    label = "demo"
