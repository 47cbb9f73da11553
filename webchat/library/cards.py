"""What the models page shows of each model: the row, what the service says of it, and whether it fits this computer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asgiref.sync import async_to_sync
from django.template.defaultfilters import filesizeformat

from inference.errors import InferenceError
from inference.hardware import Hardware, survey
from inference.types import RunnerState, RunnerStatus
from webchat.library.engine import service
from webchat.library.forms import SettingsForm
from webchat.library.models import LanguageModel, TemplateChoice
from webchat.library.template_form import TemplateForm


@dataclass(frozen=True, slots=True)
class Card:
    """One model, now."""

    model: LanguageModel
    status: RunnerStatus | None
    is_default: bool
    is_missing: bool  # the file is not where it was
    warning: str

    @property
    def form(self) -> SettingsForm:
        return SettingsForm(instance=self.model)

    @property
    def template_form(self) -> TemplateForm:
        return TemplateForm(instance=self.model)

    @property
    def template_problem(self) -> str:
        """Why the template in use cannot be used; one that a person wrote was tried when it was saved."""
        return self.model.template_problem if self.model.template_choice == TemplateChoice.OWN else ""

    @property
    def state(self) -> str:
        return self.status.state.value if self.status else RunnerState.STOPPED.value

    @property
    def is_loaded(self) -> bool:
        return self.state == RunnerState.READY

    @property
    def is_loading(self) -> bool:
        return self.state == RunnerState.LOADING

    @property
    def has_failed(self) -> bool:
        return self.state == RunnerState.FAILED

    @property
    def percent(self) -> int:
        return round(100 * self.status.progress) if self.status else 0


@dataclass(frozen=True, slots=True)
class Shelf:
    """All models, with what they share."""

    cards: list[Card]
    hardware: Hardware
    problem: str  # why the states are not known

    @property
    def poll_s(self) -> int:
        return 2 if any(card.is_loading for card in self.cards) else 15


def shelf() -> Shelf:
    """Looks at the rows, the service, the files and the memory."""
    states, problem = runner_states()
    hardware = survey()
    default = LanguageModel.objects.default()
    cards = [card_of(row, states.get(row.name), row == default, hardware) for row in LanguageModel.objects.all()]
    return Shelf(cards, hardware, problem)


def runner_states() -> tuple[Mapping[str, RunnerStatus], str]:
    """Every runner by its name; none, and a sentence, when nobody can be asked."""
    try:
        return {status.name: status for status in async_to_sync(ask)()}, ""
    except InferenceError as error:
        return {}, str(error)


async def ask() -> list[RunnerStatus]:
    return await service().statuses()


def card_of(model: LanguageModel, status: RunnerStatus | None, is_default: bool, hardware: Hardware) -> Card:
    has_memory = status is not None and status.state in (RunnerState.LOADING, RunnerState.READY)
    warning = "" if has_memory else memory_warning(model.memory_bytes, hardware)
    return Card(model, status, is_default, not Path(model.path).is_file(), warning)


def memory_warning(needed_bytes: int, hardware: Hardware) -> str:
    """What a person should know before loading; nothing when it fits."""
    needs = f"Needs about {filesizeformat(needed_bytes)}"
    if needed_bytes > hardware.memory_bytes:
        return f"{needs}; this computer has {filesizeformat(hardware.memory_bytes)} in all. It is too large for it."
    if needed_bytes > hardware.memory_free_bytes:
        free = filesizeformat(hardware.memory_free_bytes)
        return f"{needs}; {free} is free now. Close other programs or unload another model first."
    return ""
