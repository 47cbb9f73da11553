"""What models have read is kept on disk, in people's words: it goes when what they wrote goes. See docs/settings.md."""

from __future__ import annotations

import logging

from django.conf import settings

from inference import state_folder

log = logging.getLogger(__name__)


def forget() -> None:
    """Whatever was deleted may be in any file, so all go. Models that are loaded do not write it any more."""
    try:
        state_folder.forget(settings.STATES_DIR)
    except OSError:
        log.exception("What models have read could not be removed from %s", settings.STATES_DIR)


def forget_model(name: str) -> None:
    """For a model that is no longer loaded."""
    state_folder.forget_model(settings.STATES_DIR, name)
