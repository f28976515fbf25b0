"""What rights are called."""

from typing import Any

from django.contrib.auth import get_permission_codename

SEE_CUSTOMERS = "customers.view_customer"
SEE_ENTITLEMENTS = "entitlements.view_entitlement"


def right_to(verb: str, model: Any) -> str:
    """To view, add, change, delete or export the records of this model."""
    return f"{model._meta.app_label}.{get_permission_codename(verb, model._meta)}"
