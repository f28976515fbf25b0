"""What makes a password too weak, beyond Django's own validators."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from ems_site.folding import identity_key

PRODUCT_WORDS = (
    *("entitlements", "entitlement", "customers", "customer", "contacts", "contact", "portal", "vendor"),
    *("licensing", "licenses", "license", "licence", "activation", "activatee", "activate", "product"),
    *("management", "manager", "administrator", "admin", "password", "passwort", "passw0rd", "welcome"),
    *("kundenportal", "kunden", "kunde", "kontakt", "lizenzen", "lizenz", "berechtigung", "anbieter"),
    *("kennwort", "verwaltung", "willkommen", "einladung"),
    *("sentinel", "thales", "gemalto", "safenet", "ems"),
)
LETTERS_LEFT = 8


class MaximumLengthValidator:
    def __init__(self, max_length: int = 256):
        self.max_length = max_length

    def validate(self, password, user=None):
        if len(password) > self.max_length:
            raise ValidationError(
                gettext_lazy("This password is too long. It may have at most %(limit)d characters."),
                code="password_too_long",
                params={"limit": self.max_length},
            )

    def get_help_text(self):
        return gettext("Your password may have at most %(limit)d characters.") % {"limit": self.max_length}


class ProductWordsValidator:
    """Refuses words of this product and its trade with little else around them."""

    def validate(self, password, user=None):
        rest = identity_key(password)
        for word in PRODUCT_WORDS:
            rest = rest.replace(word, " ")
        found_words = rest != identity_key(password)
        if found_words and sum(mark.isalnum() for mark in rest) < LETTERS_LEFT:
            raise ValidationError(
                gettext_lazy(
                    "This password is made of words that anyone would try here. Add unrelated words."
                ),
                code="password_of_product_words",
            )

    def get_help_text(self):
        return gettext("Your password should not be made of the product’s own words.")
