"""Which template a model is used with, and what becomes of broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from inference.chat_template import CHATML, PLAIN, ChatTemplate
from inference.types import ChatMessage
from tests.webchat.library.gguf_files import TEMPLATE, gguf
from webchat.library import intake
from webchat.library.engine import spec_of
from webchat.library.models import LanguageModel

HTMX = {"hx-request": "true"}
OURS = "{% for m in messages %}\n[{{ m.role }}] {{ m.content }}\n{% endfor %}"


@pytest.fixture
def model(db, file: Path) -> LanguageModel:
    model = intake.add_path(str(file))
    assert isinstance(model, LanguageModel)
    return model


def choose(client: Client, model: LanguageModel, choice: str, text: str = "") -> str:
    body = {"template_choice": choice, "template_text": text}
    page = client.post(f"/models/{model.pk}/template/", body, headers=HTMX).content.decode()
    model.refresh_from_db()
    return page


def template(model: LanguageModel) -> str | None:
    return async_to_sync(spec_of)(model).chat_template


def test_at_first_it_is_the_models_own(model: LanguageModel) -> None:
    assert template(model) is None


@pytest.mark.parametrize(("choice", "source"), [("chatml", CHATML), ("plain", PLAIN), ("own", None)])
def test_one_that_comes_along_can_be_chosen(
    owner_client: Client, model: LanguageModel, choice: str, source: str | None
) -> None:
    assert "Saved." in choose(owner_client, model, choice)
    assert template(model) == source


def test_one_can_be_written_and_the_models_own_comes_back(owner_client: Client, model: LanguageModel) -> None:
    page = choose(owner_client, model, "custom", OURS.replace("\n", "\r\n"))
    assert "loads it again" in page
    assert template(model) == OURS

    restored = owner_client.post(f"/models/{model.pk}/template/", {"restore": "1"}, headers=HTMX).content.decode()

    model.refresh_from_db()
    assert "own template is back" in restored.replace("&#x27;", "'")
    assert template(model) is None
    assert TEMPLATE in restored.replace("&#x27;", "'").replace("&quot;", '"')


def test_what_was_written_is_still_there_after_trying_another(owner_client: Client, model: LanguageModel) -> None:
    choose(owner_client, model, "custom", OURS)
    choose(owner_client, model, "plain", "")

    assert model.template_text == OURS


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{% for m in messages %}\n{% if %}\n{% endfor %}", "in line 2, “{% if %}”"),
        ("{{ messages[0].content }}\n{{ 1 / 0 }}", "in line 2"),
        ("Hello", "leaves out what a person asks"),
        ("  ", "Write a template"),
        ("%2 %1", "%1, the question, stands before %2"),
    ],
)
def test_a_broken_one_is_not_kept(owner_client: Client, model: LanguageModel, source: str, words: str) -> None:
    page = choose(owner_client, model, "custom", source)

    assert words in page
    assert "errorlist" in page
    assert template(model) is None


def test_the_old_form_of_gpt4all_is_converted(owner_client: Client, model: LanguageModel) -> None:
    page = choose(owner_client, model, "custom", "### Human:\r\n%1\r\n### Assistant:\r\n")

    assert "Jinja now" in page
    parts = ChatTemplate(template(model)).render([ChatMessage("user", "Hi")], guarded=[False])
    assert "".join(part.text for part in parts) == "### Human:\nHi\n### Assistant:\n"


def test_a_model_that_brings_a_broken_one_says_so_when_it_is_added(owner_client: Client, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(gguf(template="{{ messages }}\n{% endfor %}"))

    added = owner_client.post("/models/add/path/", {"path": str(path)}, follow=True).content.decode()

    assert "is broken in line 2, “{% endfor %}”" in added
    model = LanguageModel.objects.get()
    assert "errorlist" in choose(owner_client, model, "own")
    choose(owner_client, model, "chatml")
    assert "is broken in line 2" not in owner_client.get("/models/").content.decode()


def test_a_model_without_one_may_be_a_base_model(owner_client: Client, tmp_path: Path) -> None:
    path = tmp_path / "base.gguf"
    path.write_bytes(gguf(template=None))
    intake.add_path(str(path))

    assert "It may be a base model" in owner_client.get("/models/").content.decode()
