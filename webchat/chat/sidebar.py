"""The list of conversations, grouped by when they last went on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby

from django.contrib.auth.models import AnonymousUser

from webchat.accounts.models import User
from webchat.chat.models import Conversation

MAX_ROWS = 400  # more than anyone scrolls through, and still drawn in a few milliseconds

Groups = list[tuple[str, list[Conversation]]]


def dated_groups(user: User | AnonymousUser) -> Groups:
    """(label, conversations) from the newest to the oldest; nothing for a stranger."""
    if not user.is_authenticated:
        return []
    newest = Conversation.objects.readable_by(user).only("pk", "title", "updated")[:MAX_ROWS]
    return grouped(newest, datetime.now().astimezone())


def grouped(conversations: Iterable[Conversation], now: datetime) -> Groups:
    """Groups by the calendar of `now`'s time zone: the one of this machine, not the server's UTC."""

    def label(conversation: Conversation) -> str:
        return label_of(conversation.updated.astimezone(now.tzinfo).date(), now.date())

    return [(name, list(rows)) for name, rows in groupby(conversations, key=label)]


def label_of(day: date, today: date) -> str:
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day >= today - timedelta(days=7):
        return "Previous 7 days"
    if day >= today - timedelta(days=30):
        return "Previous 30 days"
    return day.strftime("%B") if day.year == today.year else day.strftime("%B %Y")
