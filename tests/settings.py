"""Webchat's settings with a data folder of their own, thrown away at the end."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="inglenook-test-")
_creator = os.getpid()
os.environ["INGLENOOK_DATA_DIR"] = _folder
os.environ["INGLENOOK_OPEN_BROWSER"] = "0"


@atexit.register
def _remove_data_folder() -> None:
    if os.getpid() == _creator:
        shutil.rmtree(_folder, ignore_errors=True)


from webchat.settings import *  # noqa: E402, F403

EMBEDDER_KIND = "echo"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_DIR}},  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
