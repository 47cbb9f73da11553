"""Who a program acts for. Afterwards `request.user` is that person, for synchronous and asynchronous routes alike.

In this order: a key of ours, in either header; a browser, by its session; and on the owner's machine nobody needs more.
A key never falls back to anything else: when it is not valid, the request is refused.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from webchat.accounts.models import KEY_PREFIX, ApiKey, User
from webchat.accounts.origin import SAFE_METHODS
from webchat.accounts.owner import is_local, owner

NO_KEY = "This needs an API key. Make one in Inglenook's settings and send it as “Authorization: Bearer ink-…”."
BAD_KEY = "This API key is not valid. It may have been revoked, or its owner may have been deactivated."
NO_TOKEN = "A request of a page needs its CSRF token. Reload the page and try again."
NOT_FILES = "Send the files as a form (multipart/form-data), each in a field named “files”."
NOT_JSON = "Send the body as JSON, with “Content-Type: application/json”."
UPLOADS = "/documents"


class KeyOrPerson(AuthBase):
    """The only authentication of both APIs."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    csrf = True  # the pages of the API's reference then send the token
    openapi_description = "An API key. On the owner's machine none is needed."

    def __call__(self, request: HttpRequest) -> User:
        request.user = user = authenticate(request)
        return user


def authenticate(request: HttpRequest) -> User:
    """The person behind a request, or an HttpError."""
    credential = credential_of(request)
    if credential.startswith(KEY_PREFIX):
        require_json(request)
        return owner_of_key(credential)
    # Clients that cannot do without a key send a placeholder. It proves nothing, and nothing depends on it.
    local = is_local(request.headers)
    if credential and not local:
        raise HttpError(401, BAD_KEY)
    if is_browser(request):
        return person_at_browser(request)
    if not local:
        raise HttpError(401, NO_KEY)
    require_json(request)
    return owner()


def credential_of(request: HttpRequest) -> str:
    """What stands in the headers. A query parameter is no credential: addresses end up in logs."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.headers.get("x-api-key", "").strip()


def owner_of_key(secret: str) -> User:
    user = ApiKey.objects.owner_of(secret)
    if user is None:
        raise HttpError(401, BAD_KEY)
    return user


def is_browser(request: HttpRequest) -> bool:
    """Whether a browser sent this, which adds cookies and acts for any page that is open in it."""
    return bool(request.COOKIES) or "origin" in request.headers or "sec-fetch-site" in request.headers


def person_at_browser(request: HttpRequest) -> User:
    if not isinstance(request.user, User) or not request.user.is_active:
        raise HttpError(401, NO_KEY)
    if request.method not in SAFE_METHODS and check_csrf(request) is not None:
        raise HttpError(403, NO_TOKEN)
    return request.user


def require_json(request: HttpRequest) -> None:
    """Forms are what any page can send without asking, so they are taken for uploads alone."""
    if request.method not in ("POST", "PUT", "PATCH"):
        return
    is_upload = request.path.endswith(UPLOADS)
    allowed = "multipart/form-data" if is_upload else "application/json"
    if request.content_type != allowed:
        raise HttpError(415, NOT_FILES if is_upload else NOT_JSON)
