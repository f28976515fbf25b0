from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "ems_site.audit"
    label = "audit"
    verbose_name = "History"
