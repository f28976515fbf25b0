"""A link's key goes from the address into the session, and a form says which link it was made for: of
two that are opened in one browser, the session knows the later one only."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _


def name_of(key: str) -> str:
    """What a form says, which opens nothing."""
    return salted_hmac("ems_site.accounts.links", key, algorithm="sha256").hexdigest()[:20]


def is_of_another(request: HttpRequest, key: str) -> bool:
    """Whether this post was made for another link than this key's; the person is told."""
    if request.POST.get("link", name_of(key)) == name_of(key):
        return False
    messages.error(
        request, _("Another link was opened meanwhile, and nothing was done. Below is what that one is for.")
    )
    return True
