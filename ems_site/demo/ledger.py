from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from contacts.models import Contact
from customers.models import Customer
from ems_site.audit.changes import Changes, first_values, link_name
from entitlements import licenses, moves
from entitlements.models import Activation, Entitlement, ProductKey

if TYPE_CHECKING:
    from ems_site.demo.diary import Diary


class Ledger:
    """The diary's part on entitlements: their product keys, what is activated of them, and the licenses."""

    def __init__(self, diary: Diary):
        self.diary = diary
        self.entitlements: list[Entitlement] = []
        self.product_keys: list[ProductKey] = []
        self.activations: list[Activation] = []
        self._keys_of: defaultdict[int, list[ProductKey]] = defaultdict(list)

    def add(self, entitlement: Entitlement, keys: Iterable[ProductKey] = ()) -> None:
        """A draft with its product keys."""
        self.diary.add(entitlement, self.entitlements)
        for key in keys:
            self.product_keys.append(key)
            self._keys_of[entitlement.pk].append(key)
            key.pk = len(self.product_keys)
            key.entitlement = entitlement
            _count(key, 0)
        lines: Changes = {key.link(): ["", key.summary()] for key in self._keys_of[entitlement.pk]}
        self.diary.record("entitlement.added", entitlement, first_values(entitlement) | lines)
        self._tell_customer(entitlement, ["", entitlement.get_state_display()])

    def go(self, entitlement: Entitlement, done: str, state: str) -> None:
        """From one state to the next: `done` is completed, disabled, enabled or closed."""
        windows = self._place(entitlement) if done == "completed" else {}
        changes = self.diary.change(entitlement, {"state": state})
        self.diary.record(f"entitlement.{done}", entitlement, changes | windows)
        self._tell_customer(entitlement, changes["state"])

    def _place(self, entitlement):
        windows = {}
        for key in self._keys_of[entitlement.pk]:
            validity = key.validity_in(entitlement.time_zone())
            key.place(validity)
            windows[key.link()] = ["", str(validity)]
        return windows

    def _tell_customer(self, entitlement, change):
        if entitlement.customer:
            changes = {link_name(entitlement, entitlement.eid): change}
            self.diary.record("customer.changed", entitlement.customer, changes)

    def follow(self, customer: Customer) -> None:
        """Moves the windows of the customer's product keys not yet activated into its present time zone."""
        keys = [key for key in self.product_keys if key.entitlement.customer is customer]
        planned = moves.to(customer.time_zone, filter(_is_free, keys))
        for entitlement, moved in moves.carry_out(planned).items():
            self.diary.record("entitlement.moved", entitlement, moved)

    def activate(
        self, key: ProductKey, *, quantity: int, activatee: Contact | None, time_zone: str, uuid: UUID
    ) -> Activation:
        validity = key.validity_in(time_zone or key.entitlement.time_zone())
        activation = Activation(
            uuid=uuid,
            product_key=key,
            quantity=quantity,
            activatee=activatee,
            time_zone=validity.time_zone,
            valid_from=validity.starts,
            valid_until=validity.until,
            activated=self.diary.now,
            activated_by_key=self.diary.by.pk if self.diary.by else None,
            activated_by=self.diary.name(),
        )
        activation.license = licenses.issue(activation)
        self.activations.append(activation)
        activation.pk = len(self.activations)
        _count(key, quantity)
        self._record_use("entitlement.activated", activation, ["", activation.summary()])
        return activation

    def revoke(self, activation: Activation, reason: str) -> None:
        activation.revoked, activation.revoked_by = self.diary.now, self.diary.name()
        activation.reason = reason
        key = activation.product_key
        _count(key, -activation.quantity)
        zone, moved = key.entitlement.time_zone(), {}
        if _is_free(key) and key.time_zone != zone:
            before = key.validity()
            key.place(key.validity_in(zone))
            moved = {key.link(): [str(before), str(key.validity())]}
        self._record_use("entitlement.revoked", activation, [activation.summary(), ""], reason, moved)

    def _record_use(self, code, activation, change, comment="", moved=None):
        key = activation.product_key
        changes = {link_name(activation, key.called()): change} | (moved or {})
        self.diary.record(code, key.entitlement, changes, comment)


def _count(key, quantity):
    """Along with the activations, so that key.available() asks no database."""
    key.activated = getattr(key, "activated", 0) + quantity


def _is_free(key):
    """Completed, and without an activation in force."""
    return key.valid_from and not key.activated
