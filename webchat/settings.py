"""What Django and Inglenook are set to. What a person may set of it comes from `webchat.environment`."""

from __future__ import annotations

import ipaddress
import os
import secrets
from pathlib import Path

from csp.constants import NONE, SELF

from webchat.environment import environment
from webchat.postgres.address import database_at

ENVIRONMENT = environment()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = ENVIRONMENT.data_dir.expanduser().resolve()
MODELS_DIR = DATA_DIR / "models"
FILES_DIR = DATA_DIR / "files"
INDEX_PATH = DATA_DIR / "index.sqlite3"
STATES_DIR = DATA_DIR / "cache" / "states"  # what models have read: people's words, so it is forgotten with them
RECASTS_DIR = DATA_DIR / "cache" / "weights"  # faster copies of models; they can be made anew at any time
STARTER_PROBLEM_PATH = DATA_DIR / "starter_problem.txt"  # why the starter models are not here, for the page
for folder in (DATA_DIR, MODELS_DIR, FILES_DIR):
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def kept_secret(path: Path) -> str:
    """The secret in `path`, made on first use and readable by its owner alone."""
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


HOST = ENVIRONMENT.host
PORT = ENVIRONMENT.port
LOCAL_OWNER = is_loopback(HOST)  # the only person on this machine needs no login
EMBEDDER_NAME = "all-MiniLM-L6-v2"
EMBEDDER_KIND = "embedding"
EMBEDDER_PATH = MODELS_DIR / EMBEDDER_NAME
RERANKER = ENVIRONMENT.reranker
RERANKER_KIND = "reranking"
RERANK_PASSAGES = ENVIRONMENT.rerank_passages
RERANK_SECONDS = ENVIRONMENT.rerank_seconds

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key or kept_secret(DATA_DIR / "secret_key")
EXTRA_HOSTS = [host.strip() for host in ENVIRONMENT.allowed_hosts.split(",") if host.strip()]
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *EXTRA_HOSTS]
if not LOCAL_OWNER and HOST not in ("0.0.0.0", "::"):
    ALLOWED_HOSTS.append(HOST)

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_htmx",
    "lucide",
    "ninja",
    "webchat",
    "webchat.accounts",
    "webchat.library",
    "webchat.documents",
    "webchat.chat",
    "webchat.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",  # refuses foreign names, so it stands before whatever answers
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "webchat.accounts.origin.SameOriginMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "webchat.accounts.owner.LocalOwnerMiddleware",
    "webchat.accounts.login.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "webchat.urls"
ASGI_APPLICATION = "webchat.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webchat.frame.frame",
            ],
        },
    },
]

# Rows are the queue, and several processes write: WAL lets readers go on, IMMEDIATE avoids upgrades that cannot wait.
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA_DIR / "inglenook.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    },
    "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
}


DATABASE_URL = ENVIRONMENT.database_url  # of the document index too
DATABASES = {"default": database_at(DATABASE_URL) if DATABASE_URL else SQLITE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "chat:home"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_DIR}},
    # Not compressed: the usual visitor sits at this machine, and compressing would slow the first start.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}


def folder_roots(text: str, home: Path) -> list[Path]:
    """What folders may be added from: what is set; without it the home of a machine's only person, and nothing else."""
    if not text:
        return [home.resolve()] if LOCAL_OWNER else []
    parts = [] if text == "none" else text.split(os.pathsep)
    return [Path(part).expanduser().resolve() for part in parts if part.strip()]


FOLDER_ROOTS = folder_roots(ENVIRONMENT.folder_roots, Path.home())
MAX_UPLOAD_BYTES = ENVIRONMENT.max_upload_mb << 20  # as pages count them
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"  # beside the files, so that a finished upload is moved, not copied
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 4_000_000  # bytes of a request without its files
DATA_UPLOAD_MAX_NUMBER_FILES = 10_000  # a folder is sent as one form
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_NAME = "inglenook_session"
CSRF_COOKIE_NAME = "inglenook_csrf"
CSRF_FAILURE_VIEW = "webchat.accounts.refusals.csrf_failure"
CSRF_TRUSTED_ORIGINS = [
    f"https://{host}" for host in EXTRA_HOSTS
]  # behind a proxy that speaks TLS, requests look plain
X_FRAME_OPTIONS = "DENY"
# Pages are plain HTTP on this machine; over a network they belong behind a proxy that speaks TLS.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    # Of SQLite such an error is not an outage but a fault, and its trace is wanted.
    "filters": {"outages": {"()": "webchat.outages.BrieflyAway"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["outages"] if DATABASE_URL else [],
        }
    },
    "root": {"handlers": ["stderr"], "level": ENVIRONMENT.log_level},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "faiss": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "asyncio": {"level": "WARNING"},
    },
}
