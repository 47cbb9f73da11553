"""What a question can be asked with: which model, and which collections."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count

from webchat.accounts.models import User
from webchat.chat.models import Conversation
from webchat.documents.models import Collection
from webchat.library.models import LanguageModel


@dataclass(frozen=True, slots=True)
class Choices:
    """The pickers of one composer. `collections` come with a `document_count`."""

    models: list[LanguageModel]
    model: LanguageModel | None
    collections: list[Collection]
    ticked: frozenset[int]

    @property
    def ticked_names(self) -> list[str]:
        return [collection.name for collection in self.collections if collection.pk in self.ticked]

    @property
    def label(self) -> str:
        names = self.ticked_names
        if not names:
            return "Documents"
        return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"

    @property
    def has_only_starter(self) -> bool:
        return bool(self.models) and all(model.is_starter for model in self.models)


def choices_for(
    user: User | AnonymousUser, conversation: Conversation | None = None, *, ticked: frozenset[int] = frozenset()
) -> Choices:
    models = list(LanguageModel.objects.order_by("name"))
    if conversation:
        ticked = frozenset(conversation.collections.values_list("pk", flat=True))
    chosen = conversation.model if conversation else None
    collections = Collection.objects.readable_by(user).annotate(document_count=Count("documents"))
    return Choices(models, chosen or LanguageModel.objects.default(), list(collections), ticked)


def choose_model(conversation: Conversation, pk: str) -> None:
    """A number that names no model changes nothing."""
    model = LanguageModel.objects.filter(pk=pk).first() if pk.isdecimal() else None
    if model:
        conversation.model = model
        conversation.save(update_fields=["model"])


def choose_collections(conversation: Conversation, pks: list[str]) -> None:
    """Only those that the conversation's owner may read."""
    numbers = [int(pk) for pk in pks if pk.isdecimal() and len(pk) < 19]
    conversation.collections.set(Collection.objects.readable_by(conversation.owner).filter(pk__in=numbers))
