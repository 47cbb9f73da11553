"""Settings of a person, and logging in and out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from webchat.accounts.forms import KeyForm, PatientLogin
from webchat.accounts.models import ApiKey
from webchat.accounts.requests import PersonRequest


class Login(auth_views.LoginView):
    template_name = "accounts/login.html"
    authentication_form = PatientLogin
    redirect_authenticated_user = True


class Logout(auth_views.LogoutView):
    next_page = "accounts:login"


@require_GET
def settings_page(request: PersonRequest) -> HttpResponse:
    return render_settings(request)


@require_POST
@sensitive_post_parameters()
def change_password(request: PersonRequest) -> HttpResponse:
    form = password_form(request)
    if not form.is_valid():
        return render_settings(request, {"password_form": form})
    form.save()
    update_session_auth_hash(request, form.user)
    messages.success(request, "Your password is set. Other devices where you were logged in have to log in again.")
    return redirect("accounts:settings")


@require_POST
@never_cache
def make_key(request: PersonRequest) -> HttpResponse:
    """Makes a key and shows its secret, this once."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return render_keys(request, key_form=form)
    key, secret = ApiKey.objects.make(request.user, form.cleaned_data["name"])
    return render_keys(request, new_key=key, secret=secret)


@require_POST
def revoke_key(request: PersonRequest, pk: int) -> HttpResponse:
    get_object_or_404(ApiKey, user=request.user, pk=pk).delete()
    return render_keys(request)


def render_keys(request: PersonRequest, **context: object) -> HttpResponse:
    """The list of keys alone where htmx asks for it, else the whole page around it."""
    if request.htmx:
        return render(request, "accounts/_keys.html", keys_context(request) | context)
    return render_settings(request, context)


def render_settings(request: PersonRequest, context: dict[str, object] | None = None) -> HttpResponse:
    page = {
        "password_form": password_form(request),
        "has_password": request.user.has_usable_password(),
        "base_url": request.build_absolute_uri("/v1"),
    }
    return render(request, "accounts/settings.html", page | keys_context(request) | (context or {}))


def keys_context(request: PersonRequest) -> dict[str, object]:
    return {"keys": ApiKey.objects.filter(user=request.user), "key_form": KeyForm()}


def password_form(request: PersonRequest) -> SetPasswordForm:
    """Asks for the old password where there is one."""
    kind = PasswordChangeForm if request.user.has_usable_password() else SetPasswordForm
    form = kind(request.user, request.POST if "new_password1" in request.POST else None)
    for field in form.fields.values():
        field.widget.attrs.pop("autofocus", None)  # it is one section of a page, not the page
    return form
