"""The list of conversations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import AnonymousUser

from webchat.chat.models import Conversation
from webchat.chat.sidebar import dated_groups, grouped, label_of

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2026, 11, 23), "Today"),  # the clock was set back
        (date(2026, 11, 22), "Today"),
        (date(2026, 11, 21), "Yesterday"),
        (date(2026, 11, 20), "Previous 7 days"),
        (date(2026, 11, 15), "Previous 7 days"),
        (date(2026, 11, 14), "Previous 30 days"),
        (date(2026, 10, 23), "Previous 30 days"),
        (date(2026, 10, 22), "October"),
        (date(2025, 12, 31), "December 2025"),
    ],
)
def test_days_have_names(day: date, label: str):
    assert label_of(day, TODAY) == label


def test_midnight_is_where_the_reader_is():
    now = datetime(2026, 11, 22, 1, 0, tzinfo=timezone(timedelta(hours=3)))
    late = Conversation(updated=datetime(2026, 11, 21, 21, 30, tzinfo=UTC))
    assert grouped([late], now) == [("Today", [late])]


@pytest.mark.django_db
def test_it_lists_ones_own_from_the_newest(alice, bob):
    old = Conversation.objects.create(owner=alice, title="old", updated=datetime(2020, 5, 1, tzinfo=UTC))
    new = Conversation.objects.create(owner=alice, title="new")
    Conversation.objects.create(owner=bob, title="bob's")
    Conversation.objects.create(owner=alice, title="gone", deleted=datetime.now(UTC))
    groups = dated_groups(alice)
    assert groups == [("Today", [new]), ("May 2020", [old])]


def test_a_stranger_has_none():
    assert dated_groups(AnonymousUser()) == []
