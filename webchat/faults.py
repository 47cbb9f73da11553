"""What people read when Inglenook itself fails. The log has the trace; the page has a sentence that is true."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse

from webchat.accounts.refusals import refusal
from webchat.documents.storage import NoRoom, is_full

BROKEN = "Something went wrong inside Inglenook, so this was not done. Try again; the log of Inglenook says more."


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500. A full disk is the one fault that a person can do something about."""
    if is_full(sys.exception()):
        return refusal(request, 507, str(NoRoom()))
    return refusal(request, 500, BROKEN)
