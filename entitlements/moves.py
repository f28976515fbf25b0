"""Product keys whose windows move because the time zone of their customer changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ems_site.audit.changes import Changes
from entitlements.validity import Validity

if TYPE_CHECKING:
    from entitlements.models import Entitlement, ProductKey


@dataclass(frozen=True)
class Move:
    key: ProductKey
    before: Validity
    after: Validity

    def is_felt(self) -> bool:
        """The instants change, not only the name of the zone."""
        return (self.before.starts, self.before.until) != (self.after.starts, self.after.until)

    def __str__(self):
        return f"{self.key.entitlement}: {self.key.called()}, {self.before}, then {self.after}"


class NoWindow(ValueError):
    """A product key, `called` for those who may view entitlements, has no window there, and `why`."""

    def __init__(self, called: str, why: str):
        super().__init__(f"{called}: {why}")
        self.called, self.why = called, why


def to(time_zone: str, keys: Iterable[ProductKey]) -> list[Move]:
    """What happens to these product keys, whose windows are stored, in this time zone.

    Raises NoWindow where one of them has none there.
    """
    moves = []
    for key in keys:
        before = key.validity()
        try:
            after = key.validity_in(time_zone)
        except ValueError as error:
            raise NoWindow(f"{key.called()} of {key.entitlement}", str(error)) from None
        if before and before != after:
            moves.append(Move(key, before, after))
    return moves


def carry_out(planned: Iterable[Move]) -> dict[Entitlement, Changes]:
    """Gives the product keys their windows, to be saved by whoever calls; returns for the history what is
    felt of it in which entitlement."""
    changes: defaultdict[Entitlement, Changes] = defaultdict(dict)
    for move in planned:
        move.key.place(move.after)
        if move.is_felt():
            changes[move.key.entitlement][move.key.link()] = [str(move.before), str(move.after)]
    return changes
