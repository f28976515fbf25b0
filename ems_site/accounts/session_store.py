"""Sessions in the database, each with its user, so that people see where they are signed in."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from ems_site import context

STARTED = "started_at"
PORTAL = "portal"


class SessionStore(DatabaseStore):
    """A request that changed nothing only prolongs its session, so that two requests at once do not
    undo one another's changes, such as a message for the next page."""

    is_prolonged = True

    def keep_as_it_is(self) -> None:
        """This request says nothing of whether the person is still there."""
        self.is_prolonged = False

    @classmethod
    def get_model_class(cls):
        from ems_site.accounts.models import Session

        return Session

    def begin(self, *, for_contacts: bool) -> None:
        """Dates the session and saves it at once, for whoever ends sessions to find."""
        self[STARTED] = int(timezone.now().timestamp())
        self[PORTAL] = for_contacts
        self.save()

    def create_model_instance(self, data):
        row: Any = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        if STARTED in data:
            row.started = datetime.fromtimestamp(data[STARTED], UTC)
        row.client_address = context.client_address.get()
        return row

    def save(self, must_create=False):
        if self.modified or must_create or not self.session_key:
            self._write(must_create)
        elif self.is_prolonged:
            self.model.objects.filter(session_key=self.session_key).update(
                expire_date=self.get_expiry_date(),
                last_seen=timezone.now(),
                client_address=context.client_address.get(),
            )

    def _write(self, must_create):
        try:
            super().save(must_create)
        except UpdateError:
            """It was ended meanwhile, and stays so; the answer that is under way goes out."""
