"""Makes the starter model known to the library."""

from __future__ import annotations

from inference.starter import StarterPaths
from webchat.library.intake import facts_of, new_row, take_facts
from webchat.library.models import LanguageModel

NAME = "SmolLM2-135M-Instruct"


def register(paths: StarterPaths) -> LanguageModel:
    """Adds the row, or brings its facts up to date. It becomes the default where there is none."""
    model = LanguageModel.objects.filter(path=str(paths.chat)).first()
    if model is None:
        model = new_row(paths.chat, is_ours=True, is_starter=True, name=NAME)
    else:
        take_facts(model, facts_of(paths.chat))
        model.is_starter = model.is_ours = True
        model.save()
    if not LanguageModel.objects.filter(is_default=True).exists():
        model.make_default()
    return model
