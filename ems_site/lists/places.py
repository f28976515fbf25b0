"""Where people are in the lists, for the ways back to them."""

from typing import Any

from django.http import HttpRequest

PLACES = "lists"


def remember(request: HttpRequest, listing: Any) -> None:
    """This page of this list is where the person is now."""
    places = request.session.get(PLACES, {})
    if places.get(listing.name) != listing.here:
        request.session[PLACES] = places | {listing.name: listing.here}


def address(request: HttpRequest, name: str) -> str:
    """Of the list of this name, as the person left it."""
    return f"/{name}/{request.session.get(PLACES, {}).get(name, '')}"
