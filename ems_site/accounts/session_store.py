"""Sessions in the database. A request that changed nothing only prolongs its session, so that two
requests at once do not undo one another's changes, such as a message for the next page."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore


class SessionStore(DatabaseStore):
    def save(self, must_create=False):
        if self.modified or must_create or not self.session_key:
            super().save(must_create)
        else:
            row = self.model.objects.filter(session_key=self.session_key)
            row.update(expire_date=self.get_expiry_date())
