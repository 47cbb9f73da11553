"""Collections: the shelves that documents stand on."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from webchat.accounts.models import User

LAST_PLACE = 1_000_000  # in the line: behind what any person adds
ARRIVAL = timedelta(seconds=20)  # what comes to a collection within this of each other arrived together


class CollectionQuerySet(models.QuerySet["Collection"]):
    def readable_by(self, user: User | AnonymousUser) -> CollectionQuerySet:
        return self.filter(owner=user.pk)


class Collection(models.Model):
    """A shelf of documents that questions can be asked of."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collections")
    name = models.CharField(max_length=120)
    created = models.DateTimeField(auto_now_add=True)
    is_paused = models.BooleanField(default=False, help_text="Nothing of it is read or embedded until it goes on.")

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("owner", "name", name="one_collection_of_a_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def index_key(self) -> str:
        """What the index calls this collection."""
        return str(self.pk)

    def next_place(self) -> int:
        """Where the next document stands among those that arrive together: behind those that came just before."""
        recent = self.documents.filter(queued__gte=timezone.now() - ARRIVAL, place__lt=LAST_PLACE)
        last = recent.aggregate(last=models.Max("place"))["last"]
        return 0 if last is None else last + 1
