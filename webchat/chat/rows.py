"""Views of a conversation's row in the sidebar: rename, delete, bring back."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from webchat.chat.access import conversation_for, deleted_conversation_for
from webchat.chat.models import Conversation
from webchat.chat.sidebar import dated_groups
from webchat.chat.turns import turns
from webchat.library import states

KEPT_AFTER_DELETION = timedelta(days=1)


@require_GET
def row(request: HttpRequest, pk: int) -> HttpResponse:
    """The row itself: what Escape brings back while renaming."""
    return _row(request, conversation_for(request, pk))


@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = conversation_for(request, pk)
    if request.method == "GET":
        return render(request, "chat/_conversation_rename.html", {"row": conversation})
    title = " ".join(request.POST.get("title", "").replace("\x00", "").split())[:120]
    if title:
        conversation.title = title
        conversation.has_own_title = True
        conversation.save(update_fields=["title", "has_own_title"])
    return _row(request, conversation, is_renamed=True)


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Hides it, and offers to bring it back. What was deleted a day ago is removed for good."""
    conversation = conversation_for(request, pk)
    async_to_sync(turns.stop)(pk)
    conversation.deleted = timezone.now()
    conversation.save(update_fields=["deleted"])
    states.forget()
    Conversation.objects.filter(owner=request.user.pk, deleted__lt=timezone.now() - KEPT_AFTER_DELETION).delete()
    if _open_pk(request) == pk:
        return HttpResponseClientRedirect(f"{reverse('chat:home')}?deleted={pk}")
    return render(request, "chat/_conversation_deleted.html", {"row": conversation})


@require_POST
def undelete(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = deleted_conversation_for(request, pk)
    conversation.deleted = None
    conversation.save(update_fields=["deleted"])
    if not request.htmx:
        return redirect("chat:conversation", pk)
    context = {"conversation_groups": dated_groups(request.user), "conversation": {"pk": _open_pk(request)}}
    return render(request, "chat/_conversation_list.html", context)


def _row(request: HttpRequest, conversation: Conversation, *, is_renamed: bool = False) -> HttpResponse:
    context = {"row": conversation, "is_renamed": is_renamed}
    context["is_current"] = _open_pk(request) == conversation.pk
    return render(request, "chat/_conversation_row.html", context)


def _open_pk(request: HttpRequest) -> int | None:
    """The conversation whose page asks, if it is one."""
    path = urlsplit(request.htmx.current_url_abs_path or "").path
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match.kwargs["pk"] if match.view_name == "chat:conversation" else None
