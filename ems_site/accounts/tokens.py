"""Keys in password reset links."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from ems_site.accounts.models import User


class ResetTokens(PasswordResetTokenGenerator):
    """Tokens that die with the sessions: a user disabled and enabled again has to ask for a new link."""

    key_salt = "ems_site.accounts.reset"

    def _make_hash_value(self, user, timestamp):
        return f"{super()._make_hash_value(user, timestamp)}:{user.session_epoch}"

    def key(self, user: User) -> str:
        return f"{user.pk}.{self.make_token(user)}"

    def user_of(self, key: str, for_contacts: bool = False) -> User | None:
        """Whose key this is; None if it is altered, too old or used, or its owner may not have one."""
        pk, _, token = key.partition(".")
        if not (pk.isascii() and pk.isdigit()) or len(pk) > 18:
            return None
        user = User.objects.may_reset_password(for_contacts).filter(pk=pk).first()
        return user if user and user.may_log_on() and self.check_token(user, token) else None


reset_tokens = ResetTokens()
