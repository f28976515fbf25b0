from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "ems_site.portal"
    label = "portal"
