"""The real settings, for a live server in a data folder that a fixture made."""

from webchat.settings import *  # noqa: F403
from webchat.settings import ENVIRONMENT, FILES_DIR

EMBEDDER_KIND = "echo" if ENVIRONMENT.starter_models is False else "embedding"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_DIR}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
