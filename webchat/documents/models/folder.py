"""Folders on this machine that collections follow."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from webchat.accounts.models import User
from webchat.documents.models.collection import Collection


class FolderState(models.TextChoices):
    """Whether a folder is there. Whatever the state, what was read of it stays and answers."""

    NEW = "new"
    """Nobody has looked into it yet."""
    PRESENT = "present"
    MISSING = "missing"
    """Not there: not connected, renamed, or no longer allowed."""
    EMPTIED = "emptied"
    """There, but so many files have gone that a person is asked first."""
    SILENT = "silent"
    """Nobody knows: its disk does not answer."""


class FolderQuerySet(models.QuerySet["Folder"]):
    def readable_by(self, user: User | AnonymousUser) -> FolderQuerySet:
        return self.filter(collection__owner=user.pk)


class Folder(models.Model):
    """A folder on this machine that a collection follows. Its files are read in place and never written."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="folders")
    path = models.TextField(help_text="Absolute, without symbolic links.")
    label = models.CharField(max_length=150, help_text="What the names of its documents begin with.")
    include = models.TextField(blank=True, help_text="Patterns, one a line. Empty takes everything.")
    exclude = models.TextField(blank=True, help_text="Patterns, one a line, after those that always hold.")
    added = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=10, choices=FolderState, default=FolderState.NEW)
    note = models.CharField(max_length=500, blank=True, help_text="A sentence for a person.")
    wanted = models.DateTimeField(null=True, default=timezone.now, help_text="When to look again, if not before.")
    scanned = models.DateTimeField(null=True, help_text="The end of the last look.")
    scan_ms = models.PositiveIntegerField(default=0)
    left_out = models.JSONField(default=list)  # what folder_walk.Tally writes
    lost = models.PositiveIntegerField(default=0, help_text="Files that have gone, in the state `emptied`.")
    is_unwatched = models.BooleanField(default=False, help_text="The system reports no changes in it.")
    accepted_loss = models.PositiveIntegerField(default=0, help_text="How many of them a person gave up.")
    scanner = models.CharField(max_length=80, blank=True, help_text="The worker that looks at it now.")
    heartbeat = models.DateTimeField(null=True)

    objects = FolderQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint("collection", "path", name="one_folder_of_a_path"),
            models.UniqueConstraint("collection", "label", name="one_folder_of_a_label"),
        ]

    def __str__(self) -> str:
        return self.path
