"""What the system says when it will not do something."""

from django.core.exceptions import ValidationError


class Refused(ValidationError):
    """A rule of the business forbids an action; nothing was changed.

    The message is written for the person who asked; the code names the rule for programs.
    """

    code = "refused"

    def __init__(self, message: str, code: str | None = None):
        super().__init__(message, code=code or self.code)

    def __str__(self):
        return str(self.message)


class Gone(Refused):
    """Somebody deleted it meanwhile."""

    code = "gone"


class Conflict(Refused):
    """Somebody else saved meanwhile: `current` stands in the database now, `mine` was to be saved."""

    code = "conflict"

    def __init__(self, *, current, mine):
        super().__init__(f"Somebody else changed {current} meanwhile.")
        self.current, self.mine = current, mine
