"""The models page: what is on this machine, and everything staff can do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from inference.errors import InferenceError
from webchat.library import engine, intake, removal
from webchat.library.access import staff_only
from webchat.library.adapters import CannotAdd
from webchat.library.advice import suggestions
from webchat.library.cards import shelf
from webchat.library.forms import PathForm, SettingsForm, UploadForm
from webchat.library.models import Adapter, LanguageModel, TemplateChoice
from webchat.library.template_form import TemplateForm

RELOADS = "If the model is loaded, the next question loads it again, which takes a moment."


@require_GET
@staff_only
def models_page(request: HttpRequest) -> HttpResponse:
    return page(request)


@require_GET
@staff_only
def states(request: HttpRequest) -> HttpResponse:
    """What changes by itself, for every card at once."""
    return render(request, "library/_states.html", {"shelf": shelf()})


@require_POST
@staff_only
def add_from_path(request: HttpRequest) -> HttpResponse:
    form = PathForm(request.POST)
    if form.is_valid():
        try:
            return added(request, intake.add_path(form.cleaned_data["path"]))
        except CannotAdd as error:
            form.add_error("path", str(error))
    return page(request, path_form=form)


@require_POST
@staff_only
def add_from_upload(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            return added(request, intake.add_upload(form.cleaned_data["file"]))
        except CannotAdd as error:
            form.add_error("file", str(error))
    return page(request, upload_form=form)


@require_POST
@staff_only
def load(request: HttpRequest, pk: int) -> HttpResponse:
    model = get_object_or_404(LanguageModel, pk=pk)
    return after(request, model, act(start, model))


@require_POST
@staff_only
def unload(request: HttpRequest, pk: int) -> HttpResponse:
    model = get_object_or_404(LanguageModel, pk=pk)
    return after(request, model, act(stop, model))


@require_POST
@staff_only
def make_default(request: HttpRequest, pk: int) -> HttpResponse:
    model = get_object_or_404(LanguageModel, pk=pk)
    model.make_default()
    return after(request, model)


@require_POST
@staff_only
def change_settings(request: HttpRequest, pk: int) -> HttpResponse:
    model = get_object_or_404(LanguageModel, pk=pk)
    if "restore" in request.POST:
        intake.restore_defaults(model)
        model.save()
        return settings_saved(request, model, f"The defaults are back. {RELOADS}")
    form = SettingsForm(request.POST, instance=model)
    if not form.is_valid():
        return render_settings(request, form)
    model = form.save()
    form.apply_adapters()
    intake.refresh_estimate(model)
    model.save()
    return settings_saved(request, model, f"Saved. {needs(model)} {RELOADS}" if form.needs_reload else "Saved.")


@require_POST
@staff_only
def change_template(request: HttpRequest, pk: int) -> HttpResponse:
    model = get_object_or_404(LanguageModel, pk=pk)
    if "restore" in request.POST:
        model.template_choice, model.template_text = TemplateChoice.OWN, ""
        model.save()
        return template_saved(request, model, f"The model's own template is back. {RELOADS}")
    form = TemplateForm(request.POST, instance=model)
    if not form.is_valid():
        return render_template(request, form)
    converted = "It was in GPT4All's old form and is Jinja now. " if form.was_converted else ""
    return template_saved(request, form.save(), f"Saved. {converted}{RELOADS}")


@require_http_methods(["GET", "POST"])
@staff_only
def remove_adapter(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first, then removes."""
    adapter = get_object_or_404(Adapter, pk=pk)
    if request.method == "GET":
        return render(request, "library/remove_adapter.html", {"adapter": adapter})
    removal.remove_adapter(adapter)
    messages.success(request, f"The adapter {adapter.name} was removed.")
    return redirect("library:list")


@require_http_methods(["GET", "POST"])
@staff_only
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first, then removes."""
    model = get_object_or_404(LanguageModel, pk=pk)
    if request.method == "GET":
        return render(request, "library/remove.html", {"model": model})
    removal.remove(model)
    messages.success(request, f"{model.name} was removed.")
    return redirect("library:list")


async def start(model: LanguageModel) -> None:
    await engine.service().start(await engine.spec_of(model))


async def stop(model: LanguageModel) -> None:
    await engine.service().stop(model.name)


def act(action: Callable[[LanguageModel], Awaitable[None]], model: LanguageModel) -> str:
    """Why it could not be done; nothing when it was."""
    try:
        async_to_sync(action)(model)
    except InferenceError as error:
        return str(error)
    return ""


def page(request: HttpRequest, **forms: PathForm | UploadForm) -> HttpResponse:
    """The whole page; with `forms`, one of them has something to say."""
    if forms and request.htmx:
        return render(request, "library/_add.html", add_context() | forms)
    seen = shelf()
    context = {
        "shelf": seen,
        "adapters": all_adapters(),
        "suggestions": suggestions(seen.hardware.memory_bytes),
        "starter_problem": starter_problem(),
    }
    return render(request, "library/models.html", add_context() | context | forms, status=422 if forms else 200)


def add_context() -> dict[str, object]:
    return {"path_form": PathForm(), "upload_form": UploadForm(), "models_dir": settings.MODELS_DIR}


def added(request: HttpRequest, row: LanguageModel | Adapter) -> HttpResponse:
    if isinstance(row, Adapter):
        messages.success(
            request, f"The adapter {row.name} was added. Put it on a model in its settings, under Advanced."
        )
    else:
        messages.success(request, f"{row.name} was added.")
    # Without the query a browser that is on this page would only scroll.
    anchor = "adapters" if isinstance(row, Adapter) else f"m{row.pk}"
    where = f"{reverse('library:list')}?added={row.pk}#{anchor}"
    return HttpResponseClientRedirect(where) if request.htmx else redirect(where)


def after(request: HttpRequest, model: LanguageModel, problem: str = "") -> HttpResponse:
    """The new states where htmx asked, else the page again."""
    if request.htmx:
        return render(request, "library/_states.html", {"shelf": shelf(), "problem": problem})
    if problem:
        messages.error(request, problem)
    return redirect(f"{reverse('library:list')}#m{model.pk}")


def settings_saved(request: HttpRequest, model: LanguageModel, words: str) -> HttpResponse:
    if request.htmx:
        return render_settings(request, SettingsForm(instance=model), words)
    messages.success(request, words)
    return redirect(f"{reverse('library:list')}#m{model.pk}")


def render_settings(request: HttpRequest, form: SettingsForm, words: str = "") -> HttpResponse:
    context = {"model": form.instance, "form": form, "words": words, "adapters": all_adapters() if words else None}
    return render(request, "library/_settings.html", context)


def all_adapters() -> QuerySet[Adapter]:
    return Adapter.objects.prefetch_related("uses__model")


def needs(model: LanguageModel) -> str:
    return f"It needs about {filesizeformat(model.memory_bytes)} of memory now."


def template_saved(request: HttpRequest, model: LanguageModel, words: str) -> HttpResponse:
    if request.htmx:
        return render_template(request, TemplateForm(instance=model), words)
    messages.success(request, words)
    return redirect(f"{reverse('library:list')}#m{model.pk}")


def render_template(request: HttpRequest, form: TemplateForm, words: str = "") -> HttpResponse:
    context = {"model": form.instance, "form": form, "words": words}
    return render(request, "library/_template.html", context)


def starter_problem() -> str:
    """Why the starter models are not here, as `serve` noted it."""
    try:
        return settings.STARTER_PROBLEM_PATH.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
