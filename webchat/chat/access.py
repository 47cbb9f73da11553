"""Fetching a row for a person. What they may not read does not exist for them."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from webchat.chat.models import Citation, Conversation


def conversation_for(request: HttpRequest, pk: int) -> Conversation:
    return get_object_or_404(Conversation.objects.readable_by(request.user).select_related("model"), pk=pk)


def deleted_conversation_for(request: HttpRequest, pk: int) -> Conversation:
    """One that can still be brought back."""
    return get_object_or_404(Conversation, owner=request.user, deleted__isnull=False, pk=pk)


def citation_for(request: HttpRequest, conversation_pk: int, pk: int) -> Citation:
    conversation = conversation_for(request, conversation_pk)
    rows = Citation.objects.filter(message__conversation=conversation)
    return get_object_or_404(rows.select_related("document__collection", "message"), pk=pk)
