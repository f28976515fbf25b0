"""Whether a contact may log on now, and if not, why, in words."""

from dataclasses import dataclass

from contacts.models import Contact
from ems_site.accounts.models import User


@dataclass(frozen=True)
class LogOnState:
    """`obstacle` is what keeps the contact out whatever its password; empty if nothing does."""

    user: User | None
    obstacle: str

    @classmethod
    def of(cls, contact: Contact) -> "LogOnState":
        user = User.objects.filter(contact=contact).first()
        if not contact.is_enabled():
            return cls(user, "the contact is disabled")
        if not contact.may_log_on():
            return cls(user, "all customers are disabled")
        inactive = user is not None and not user.is_active
        return cls(user, "the log-on has been made inactive" if inactive else "")

    @property
    def has_password(self) -> bool:
        return self.user is not None and self.user.has_usable_password()

    @property
    def may_log_on(self) -> bool:
        return self.has_password and not self.obstacle

    def __str__(self):
        if self.obstacle:
            return f"Cannot log on: {self.obstacle}"
        if self.user is None or not self.has_password:
            return "Cannot log on: no password yet"
        if self.user.must_change_password:
            return "May log on, and must choose a new password at the next log-on"
        return "May log on"
