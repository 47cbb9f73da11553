"""Errors of the two APIs: OpenAI's envelope under /v1, `{"detail": …}` under /api."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from inference.errors import EndpointError, InferenceError, InvalidRequest, Overloaded, PromptTooLong, TemplateError
from inference.openai_answers import error_json
from webchat.accounts.refusals import TYPES, openai_error

TOO_LARGE = "The request is larger than 4 MB. Send less at once."
NOTHING_THERE = "There is nothing at this address, or it belongs to someone else."
TEXT = "str"
CALLERS_FAULT = (InvalidRequest, PromptTooLong, TemplateError)


class UnknownModel(Exception):
    """No model has this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        there_are = f"The models here are: {', '.join(known)}." if known else "No model has been added yet."
        super().__init__(f"There is no model “{name}”. {there_are}")


def status_of(error: InferenceError) -> int:
    if isinstance(error, EndpointError):
        return error.status
    return 400 if isinstance(error, CALLERS_FAULT) else 503


def answer_in_openai_words(api: NinjaAPI) -> None:
    """Makes every error of `api` an OpenAI envelope."""

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        kind = TYPES.get(error.status_code, "invalid_request_error")
        code = "invalid_api_key" if error.status_code == 401 else None
        return JsonResponse(openai_error(str(error), type=kind, code=code), status=error.status_code)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        message, param = in_words(error.errors)
        return JsonResponse(openai_error(message, param=param), status=400)

    @api.exception_handler(UnknownModel)
    def unknown_model(request: HttpRequest, error: UnknownModel) -> HttpResponse:
        return JsonResponse(openai_error(str(error), param="model", code="model_not_found"), status=404)

    @api.exception_handler(InferenceError)
    def inference_error(request: HttpRequest, error: InferenceError) -> HttpResponse:
        response = JsonResponse(error_json(error), status=status_of(error))
        if isinstance(error, Overloaded):
            response["Retry-After"] = str(max(1, round(error.retry_after_s)))
        return response

    @api.exception_handler(Http404)
    def nothing_there(request: HttpRequest, error: Http404) -> HttpResponse:
        return JsonResponse(openai_error(NOTHING_THERE), status=404)

    @api.exception_handler(RequestDataTooBig)
    def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        return JsonResponse(openai_error(TOO_LARGE), status=413)


def in_words(problems: Sequence[dict[str, Any]]) -> tuple[str, str | None]:
    """The sentence and the parameter of the first of pydantic's complaints."""
    # What may be a text or a list is complained of twice, and who sent a list is not helped by the word of the other.
    problem = next((problem for problem in problems if problem["loc"][-1] != TEXT), problems[0])
    where, *place = problem["loc"]
    place = [str(part) for part in (place[1:] if where == "body" else place) if not is_kind(part)]
    if not place:
        return "The body must be a JSON object.", None
    reason = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"'{'.'.join(place)}': {reason}.", place[0]


def is_kind(part: object) -> bool:
    """Whether a part of a place only says which kind of value was tried there."""
    return part == TEXT or "[" in str(part)


def answer_in_details(api: NinjaAPI) -> None:
    """Makes every error of `api` one sentence."""

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return JsonResponse({"detail": in_words(error.errors)[0]}, status=422)

    @api.exception_handler(Http404)
    def nothing_there(request: HttpRequest, error: Http404) -> HttpResponse:
        return JsonResponse({"detail": NOTHING_THERE}, status=404)

    @api.exception_handler(InferenceError)
    def inference_error(request: HttpRequest, error: InferenceError) -> HttpResponse:
        return JsonResponse({"detail": str(error)}, status=status_of(error))

    @api.exception_handler(RequestDataTooBig)
    def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        return JsonResponse({"detail": TOO_LARGE}, status=413)
