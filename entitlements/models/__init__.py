"""An entitlement, its product keys, and their activations."""

from entitlements.models.activations import Activation, ActivationQuerySet
from entitlements.models.entitlements import Entitlement, EntitlementQuerySet, new_eid
from entitlements.models.product_keys import ProductKey, ProductKeyQuerySet

__all__ = [
    "Activation",
    "ActivationQuerySet",
    "Entitlement",
    "EntitlementQuerySet",
    "ProductKey",
    "ProductKeyQuerySet",
    "new_eid",
]
