"""What a view is given. The middleware has seen to it; these types only say so."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from webchat.accounts.models import User


class PersonRequest(HttpRequest):
    """A request behind the login: there is a person."""

    user: User
    htmx: HtmxDetails
