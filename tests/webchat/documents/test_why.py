"""Why something was not found: the page, and the same over the API."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from webchat.documents.models import Collection, Document, Status

Put = Callable[..., Document]


@pytest.fixture(autouse=True)
def letters(put: Put, index_all: Callable[[], int]) -> None:
    put("sea/tides.txt", "The highest tide stood at seven meters.")
    put("bread.txt", "Rye bread rests for eighteen hours.")
    put("copy.txt", "Rye bread rests for eighteen hours.")
    index_all()


@pytest.fixture
def as_alice(client_of: Callable[..., Client], alice) -> Client:
    return client_of(alice)


def why(client: Client, **parameters: object) -> str:
    response = client.get(f"{reverse('documents:why')}?{urlencode(parameters)}")
    assert response.status_code == 200
    return unescape(response.text)


def test_it_says_what_became_of_a_file(as_alice: Client) -> None:
    about = {
        "bread.txt": "It was found, and stands at number 1.",
        "tides": "It stands at number 2, and only the first is shown. The last of these scores 1.00",
        "copy.txt": "A passage of “bread.txt” says the same",
        "nothing": "None of your files is named like “nothing”.",
        "t": "Which of these?",
    }
    for name, words in about.items():
        assert words in why(as_alice, q="rye bread", file=name, n=1)
    page = why(as_alice, q="rye bread", file="bread.txt", kind="pdf")
    assert "The filters of this search leave its file out." in page


def test_of_many_files_it_says_that_there_are_more(as_alice: Client, shelf_of_alice: Collection) -> None:
    for n in range(21):
        Document.objects.create(collection=shelf_of_alice, name=f"report {n}.txt", digest="0" * 64, size_bytes=1)
    page = why(as_alice, q="rye", file="report")
    assert (page.count("report "), "There are more." in page) == (20, True)
    assert "There are more." not in why(as_alice, q="rye", file="report 1")


def test_it_says_what_became_of_a_sentence(as_alice: Client) -> None:
    assert "It was found" in why(as_alice, q="rye bread", s="rests for eighteen hours")
    assert "This sentence stands in no passage that you can read." in why(as_alice, q="rye", s="no such words")
    page = why(as_alice, q="rye", s="no such words", file="tides")
    assert "No passage of “sea/tides.txt” holds this sentence." in page


def test_what_is_not_searched_says_where_it_is(as_alice: Client, alice) -> None:
    other = Collection.objects.create(owner=alice, name="Other")
    page = why(as_alice, q="rye bread", file="tides", c=other.pk)
    assert "“sea/tides.txt” of the collection “Letters”, and this search leaves that collection out." in page
    assert "this search leaves that collection out" in why(as_alice, q="rye", s="rests for eighteen hours", c=other.pk)


def test_what_is_not_read_says_so(as_alice: Client, put: Put) -> None:
    put("later.txt", "Later.")
    assert "“later.txt” is still waiting to be read." in why(as_alice, q="rye", file="later.txt")
    Document.objects.filter(name="later.txt").update(status=Status.FAILED, error="It wants a password.")
    assert "“later.txt” could not be read: It wants a password." in why(as_alice, q="rye", file="later.txt")
    assert "Of your files, 1 could not be read." in why(as_alice, q="rye", s="no such words")


def test_what_failed_and_is_found_all_the_same_is_told_of(as_alice: Client) -> None:
    words_alone = "The embedding model could not take this text, so it is found by its words alone."
    Document.objects.filter(name="bread.txt").update(status=Status.FAILED, error=words_alone)
    page = why(as_alice, q="rye bread", file="bread.txt")
    assert "It was found, and stands at number 1." in page
    assert f"Something went wrong with “bread.txt” lately: {words_alone}" in page
    assert "could not be read" not in page


def test_row_16_what_belongs_to_somebody_else_is_not_there(client_of: Callable[..., Client], bob) -> None:
    as_bob = client_of(bob)
    document = Document.objects.get(name="bread.txt")
    assert "None of your files" in why(as_bob, q="rye", file="bread.txt")
    assert "stands in no passage that you can read" in why(as_bob, q="rye", s="rests for eighteen hours")
    for name in ("f", "d"):
        query = f"?q=rye&s=rye+bread&file=x&{name}={document.pk}"
        assert as_bob.get(reverse("documents:why") + query).status_code == 404


class TestApi:
    def ask(self, client: Client, **body: object):
        return client.post("/api/search/why", {"query": "rye bread"} | body, content_type="application/json")

    def test_it_tells_where_a_document_stands(self, as_alice: Client) -> None:
        document = Document.objects.get(name="copy.txt")
        answer = self.ask(as_alice, document=document.pk).json()
        assert answer["verdict"].startswith("A passage of “bread.txt” says the same")
        [standing] = answer["passages"]
        assert (standing["cut"], standing["lexical_rank"]) == ("folded", 2)
        assert standing["same_as"]["document"] == "bread.txt"

        answer = self.ask(as_alice, sentence="The highest tide stood at seven meters.").json()
        assert [standing["document"] for standing in answer["passages"]] == ["sea/tides.txt"]

    def test_it_wants_to_know_what_was_missed(self, as_alice: Client) -> None:
        assert self.ask(as_alice).status_code == 422

    def test_row_16_what_belongs_to_somebody_else_is_not_there(
        self, client_of: Callable[..., Client], bob, shelf_of_alice: Collection
    ) -> None:
        as_bob = client_of(bob)
        document = Document.objects.get(name="bread.txt")
        assert self.ask(as_bob, document=document.pk).status_code == 404
        assert self.ask(as_bob, sentence="rye bread", collections=[shelf_of_alice.pk]).status_code == 404
        assert self.ask(as_bob, sentence="rye bread", documents=[document.pk]).status_code == 404
        assert self.ask(as_bob, sentence="rests for eighteen hours").json()["passages"] == []
