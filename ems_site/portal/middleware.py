"""What sets the portal's requests apart: their host, and the language of their answers."""

from django.conf import settings
from django.shortcuts import redirect
from django.utils import translation

from ems_site import audience, failures

ONLY_METHODS = 405


class PortalHost:
    """With a host of its own, the portal is there and nowhere else, and nothing else is there.

    Static files and the addresses for whoever watches the processes are answered before.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not settings.PORTAL_HOST:
            return self.get_response(request)
        is_portal_host = audience.is_portal_host(request)
        if is_portal_host and request.path_info == "/":
            return redirect("portal:home")
        if is_portal_host != audience.is_portal_address(request):
            return failures.not_found(request)
        return self.get_response(request)


class PortalPages:
    """The portal speaks the contact's language, and everything else that of the staff."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        is_portal = audience.is_portal_address(request)
        language = audience.language(request, ask=True) if is_portal else settings.LANGUAGE_CODE
        with translation.override(language):
            response = self.get_response(request)
            if is_portal and response.status_code == ONLY_METHODS:
                return failures.method_not_allowed(request, response["Allow"].split(", "))
            return response
