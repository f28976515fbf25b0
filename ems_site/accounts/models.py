from typing import Any

from django.apps import apps
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy

from ems_site.fields import validate_identifier
from ems_site.folding import identity_key
from ems_site.keys import IdentityKeyField, clean_identities, is_storable


class UserQuerySet(models.QuerySet):
    def end_sessions(self) -> int:
        """Ends every session and reset link of these users for good; returns how many users."""
        held = User.objects.filter(pk__in=self.order_by().values("pk")).order_by("pk")
        keys = [user.pk for user in held.select_for_update(no_key=True)]
        ended = User.objects.filter(pk__in=keys).update(session_epoch=F("session_epoch") + 1)
        Session.objects.filter(user__in=keys).delete()
        return ended

    def named(self, username: str):
        """The user of this name, however it is spelt: case and width do not count."""
        key = identity_key(username)
        return self.filter(username_key=key) if is_storable(key) else self.none()

    def may_reset_password(self, for_contacts: bool = False):
        """Staff, or the users of contacts, who use a password already."""
        has_password = ~Q(password="") & ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        return self.filter(has_password, contact__isnull=not for_contacts, is_active=True)


class AccountManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username):
        return self.named(username).get()


# The users of contacts are named by their e-mail addresses, which may be longer and hold other marks.
STAFF_NAME_VALIDATORS: list[Any] = [UnicodeUsernameValidator(), MaxLengthValidator(150)]


class User(AbstractUser):
    """Someone who logs on: a member of staff, or the user of a contact, never both."""

    username = models.CharField(
        gettext_lazy("user name"),
        max_length=254,
        unique=True,
        validators=[validate_identifier],
        error_messages={"unique": "Another user has this user name."},
        help_text="At most 150 letters, digits and @ . + - _. Letter case makes no difference.",
    )
    username_key = IdentityKeyField(of="username")
    contact = models.OneToOneField(
        "contacts.Contact", on_delete=models.CASCADE, related_name="user", null=True, blank=True
    )
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    must_change_password = models.BooleanField(default=False, editable=False)

    objects = AccountManager()  # type: ignore[misc]
    ATTRIBUTES = ("username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser")

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined]
        indexes = [models.Index(fields=["last_login", "contact"], name="user_by_last_log_on")]
        constraints = [
            models.CheckConstraint(
                name="contact_is_never_staff",
                condition=Q(contact=None) | Q(is_staff=False, is_superuser=False),
                violation_error_message="The user of a contact cannot be staff.",
            )
        ]

    def clean(self):
        super().clean()
        if "\0" in self.username:
            return  # Refused by its field already, and PostgreSQL cannot even be asked for it.
        clean_identities(self)
        if self.is_contact():
            if self.is_staff or self.is_superuser:
                raise ValidationError("The user of a contact cannot be staff.", code="contact_is_never_staff")
            if self.contact is None or self.username != self.contact.email:
                raise ValidationError("The user of a contact is named by its Email.", code="named_by_email")
            return
        for validate in STAFF_NAME_VALIDATORS:
            try:
                validate(self.username)
            except ValidationError as error:
                raise ValidationError({"username": error}) from None
        if apps.get_model("contacts", "Contact").objects.filter(email_key=self.name_key()).exists():
            raise ValidationError(
                {"username": ValidationError("A contact has this e-mail address.", code="unique")}
            )

    def name_key(self) -> str:
        return identity_key(self.username)

    def is_contact(self) -> bool:
        return self.contact_id is not None

    def may_log_on(self) -> bool:
        """Asked at log-on and again on each request."""
        return self.is_active and (self.contact is None or self.contact.may_log_on())

    def has_perm(self, perm, obj=None):
        """A contact's user has no rights over the vendor's data, whatever groups say."""
        return not self.is_contact() and super().has_perm(perm, obj)

    def has_module_perms(self, app_label):
        return not self.is_contact() and super().has_module_perms(app_label)

    def _get_session_auth_hash(self, secret=None):
        """Mixes in the epoch, so that raising it ends all sessions for good."""
        return salted_hmac(
            "ems_site.accounts.session",
            f"{self.session_epoch}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class SessionQuerySet(models.QuerySet):
    def open(self):
        return self.filter(expire_date__gt=timezone.now())


class Session(AbstractBaseSession):
    """Where somebody is signed in."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sessions", null=True)
    started = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)
    client_address = models.CharField(max_length=45, blank=True)

    objects = BaseSessionManager.from_queryset(SessionQuerySet)()  # type: ignore[misc]

    class Meta(AbstractBaseSession.Meta):  # type: ignore[name-defined]
        default_permissions = ()
        ordering = ["-last_seen"]

    @classmethod
    def get_session_store_class(cls):
        from ems_site.accounts.session_store import SessionStore

        return SessionStore

    def __str__(self):
        return f"session of {self.user}"

    def public_id(self) -> str:
        """Names the session where its key, which opens it, must not be seen."""
        digest = salted_hmac("ems_site.accounts.session_id", self.session_key, algorithm="sha256")
        return digest.hexdigest()[:20]


class LogOn(models.Model):
    """Somebody got in. Kept for some weeks, see the clean_up command."""

    user = models.ForeignKey(User, models.CASCADE, related_name="log_ons")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    client_address = models.CharField(max_length=45, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.user} at {self.at}"


class CacheRow(models.Model):
    """The table of Django's database cache, declared here so that migrating is all there is to do."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "ems_cache"
        default_permissions = ()

    def __str__(self):
        return self.cache_key
