"""The real settings for a worker process: its folder and its database are a test's."""

import os

from webchat.settings import *  # noqa: F403
from webchat.settings import DATABASES

EMBEDDER_KIND = os.environ.get("INGLENOOK_TEST_EMBEDDER", "echo")
DATABASES["default"]["NAME"] = os.environ["INGLENOOK_TEST_DATABASE"]
