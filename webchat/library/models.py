"""The language models on this machine. A row describes a GGUF; whether it is loaded, the inference service knows."""

from __future__ import annotations

from pathlib import Path

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction

from inference.types import RunnerKind, RunnerSpec, SamplingParams


class LanguageModelQuerySet(models.QuerySet["LanguageModel"]):
    def default(self) -> LanguageModel | None:
        """The model of a conversation that names none."""
        return self.order_by("-is_default", "added").first()


class LanguageModel(models.Model):
    """One GGUF, with how it is to be used. `name` is what people and the API call it."""

    name = models.SlugField(max_length=150, unique=True, help_text="What the API and the picker call it.")
    path = models.CharField(max_length=1000, unique=True)
    is_ours = models.BooleanField(default=False, help_text="The file lies in Inglenook's folder and goes with the row.")
    is_starter = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    added = models.DateTimeField(auto_now_add=True)

    # Facts read from the file.
    size_bytes = models.BigIntegerField(default=0)
    architecture = models.CharField(max_length=60, blank=True)
    parameters = models.BigIntegerField(default=0)
    quantization = models.CharField(max_length=30, blank=True)
    trained_context = models.PositiveIntegerField(default=0, help_text="Tokens of context it was trained on.")
    chat_template = models.TextField(blank=True)
    memory_bytes = models.BigIntegerField(default=0, help_text="Estimate, at the context length below.")

    # How a person wants it used.
    context_length = models.PositiveIntegerField(
        default=8192, validators=[MinValueValidator(256)], help_text="Tokens, shared by all answers written at once."
    )
    system_prompt = models.TextField(blank=True)
    temperature = models.FloatField(default=0.7, validators=[MinValueValidator(0), MaxValueValidator(5)])
    top_k = models.PositiveIntegerField(default=40, help_text="0 is off.")
    top_p = models.FloatField(default=0.95, validators=[MinValueValidator(0), MaxValueValidator(1)])
    min_p = models.FloatField(default=0.05, validators=[MinValueValidator(0), MaxValueValidator(1)])
    repeat_penalty = models.FloatField(
        default=1.0, validators=[MinValueValidator(0.1), MaxValueValidator(10)], help_text="1 is off."
    )
    max_tokens = models.PositiveIntegerField(
        default=2048, validators=[MinValueValidator(1)], help_text="The longest answer, in tokens."
    )

    objects = LanguageModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def sampling(self) -> SamplingParams:
        return SamplingParams(
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            min_p=self.min_p,
            repeat_penalty=self.repeat_penalty,
            max_tokens=self.max_tokens,
        )

    def runner_spec(self, *, parallel: int, threads: int | None) -> RunnerSpec:
        return RunnerSpec(
            name=self.name,
            kind=RunnerKind.ECHO if self.architecture == "echo" else RunnerKind.CHAT,  # echo rows exist in tests alone
            path=Path(self.path),
            context_length=self.context_length,
            parallel=parallel,
            threads=threads,
        )

    @transaction.atomic
    def make_default(self) -> None:
        LanguageModel.objects.exclude(pk=self.pk).update(is_default=False)
        LanguageModel.objects.filter(pk=self.pk).update(is_default=True)
        self.is_default = True
