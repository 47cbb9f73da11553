"""People and keys. A key is shown once; only its digest is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

OWNER_NAME = "owner"
KEY_PREFIX = "ink-"
NOTED_EVERY = timedelta(minutes=1)


class User(AbstractUser):
    """A person. The owner of this machine is one of them, without a password until they set one."""


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def make(self, user: User, name: str) -> tuple[ApiKey, str]:
        """A new key and its secret, which cannot be read again."""
        secret = KEY_PREFIX + secrets.token_urlsafe(32)
        return self.create(user=user, name=name, digest=digest_of(secret), hint=secret[-4:]), secret

    def owner_of(self, secret: str) -> User | None:
        """The active person whose key this is; notes that it was used, but not so often that requests wait to write."""
        key = self.filter(digest=digest_of(secret), user__is_active=True).select_related("user").first()
        if key is None:
            return None
        now = timezone.now()
        if key.last_used is None or now - key.last_used > NOTED_EVERY:
            self.filter(pk=key.pk).update(last_used=now)
        return key.user


def digest_of(secret: str) -> str:
    """Keys are random and long, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiKey(models.Model):
    """Lets a program act for a person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=4, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"
