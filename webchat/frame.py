"""What every page shows around its content: who is here, and which conversations there are."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from webchat.chat.sidebar import dated_groups


def frame(request: HttpRequest) -> dict[str, object]:
    """Context for `base.html`. Lazy: fragments do not draw the sidebar."""
    return {
        "conversation_groups": SimpleLazyObject(lambda: dated_groups(request.user)),
        "is_local_owner": settings.LOCAL_OWNER,
    }
