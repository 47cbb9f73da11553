"""How everything is indexed: cut into passages, by which workers, with which embedding model."""

from __future__ import annotations

from django.db import models


class Cutting(models.Model):
    """How texts are cut into passages. One row; without it, as everybody does who never asked."""

    STANDARD = 240
    LENGTHS = {120: "Short: about 90 words", 180: "Middle: about 130 words", STANDARD: "Long: about 180 words"}

    max_tokens = models.PositiveSmallIntegerField(default=STANDARD)

    def __str__(self) -> str:
        return f"{self.max_tokens} tokens"

    @classmethod
    def current(cls) -> int:
        """The most tokens that a passage has."""
        return cls.objects.values_list("max_tokens", flat=True).first() or cls.STANDARD


class Worker(models.Model):
    """A process that indexes, and how fast. It writes this of itself every few seconds, for the pages."""

    name = models.CharField(max_length=80, unique=True)
    seen = models.DateTimeField()
    chunks_per_s = models.FloatField(default=0, help_text="Embedded lately, while there was something to embed.")

    def __str__(self) -> str:
        return self.name


class EmbeddingChange(models.Model):
    """Which embedding model is wanted, and how far its vectors are. One row; without it nobody ever asked.

    Which one answers stands in the index itself, beside the vectors. The two differ while the change goes on.
    """

    wanted = models.CharField(max_length=200)
    worker = models.CharField(max_length=80, blank=True, default="", help_text="Makes the vectors; empty: nobody yet.")
    seen = models.DateTimeField(null=True)
    passages = models.PositiveIntegerField(default=0, help_text="How many there are.")
    embedded = models.PositiveIntegerField(default=0, help_text="How many of them have a vector of this model.")
    refused = models.PositiveIntegerField(default=0, help_text="Texts that the model could not take.")
    note = models.TextField(blank=True, default="", help_text="What it waits for.")

    def __str__(self) -> str:
        return self.wanted


class EmbedderPace(models.Model):
    """How fast this Inglenook embeds with a model, as it was measured last."""

    model = models.CharField(max_length=200, unique=True)
    chunks_per_s = models.FloatField()

    def __str__(self) -> str:
        return self.model
