"""Collections, documents and search for programs."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from django.test import Client

from tests.webchat.documents.conftest import *  # noqa: F403 - fixtures
from tests.webchat.documents.conftest import file_of
from webchat.accounts.models import ApiKey
from webchat.documents.models import Collection, Document, Status

Put = Callable[..., Document]
API = "/api/collections"


@pytest.fixture
def program_of(accounts_mode: None) -> Callable[..., Client]:
    """A program with a key of a person's."""

    def with_key(user) -> Client:
        _, secret = ApiKey.objects.make(user, "test")
        return Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {secret}"})

    return with_key


@pytest.fixture
def alices(program_of: Callable[..., Client], alice) -> Client:
    return program_of(alice)


@pytest.fixture
def bobs(program_of: Callable[..., Client], bob) -> Client:
    return program_of(bob)


def post(client: Client, path: str, body: object):
    return client.post(path, body, content_type="application/json")


class TestCollections:
    def test_one_is_made_and_listed(self, alices: Client) -> None:
        made = post(alices, API, {"name": "Letters"})
        assert made.status_code == 201
        listed = alices.get(API).json()
        assert [(row["id"], row["name"], row["documents"]) for row in listed] == [(made.json()["id"], "Letters", 0)]

    def test_on_the_owners_machine_no_key_is_needed(self, owner_client: Client) -> None:
        assert post(owner_client, API, {"name": "Letters"}).json()["id"]

    def test_a_name_is_given_once(self, alices: Client, shelf_of_alice: Collection) -> None:
        response = post(alices, API, {"name": "Letters"})
        assert response.status_code == 409
        assert response.json()["detail"] == "You already have a collection named “Letters”."

    @pytest.mark.parametrize(
        "body", [{}, {"name": ""}, {"name": "x" * 121}, {"name": "\u202e"}, {"name": 5}, {"name": ["a"]}, []]
    )
    def test_a_name_that_cannot_be_is_refused(self, alices: Client, body: object) -> None:
        response = post(alices, API, body)
        assert response.status_code == 422
        assert response.json()["detail"].endswith(".")  # a sentence, not a list
        assert not Collection.objects.exists()

    def test_one_is_deleted_with_its_documents(self, alices: Client, put: Put, shelf_of_alice: Collection) -> None:
        put("a.txt", "a")
        assert alices.delete(f"{API}/{shelf_of_alice.pk}").status_code == 204
        assert not Document.objects.exists()


class TestDocuments:
    def path(self, collection: Collection) -> str:
        return f"{API}/{collection.pk}/documents"

    def test_files_are_uploaded_with_their_paths(self, alices: Client, shelf_of_alice: Collection) -> None:
        files = [file_of("a.txt", "a"), file_of("b.txt", "b")]
        answer = alices.post(self.path(shelf_of_alice), {"files": files, "paths": ["x/a.txt", "y/b.txt"]})
        assert answer.status_code == 201
        assert answer.json()["changes"] == ["added", "added"]
        rows = alices.get(self.path(shelf_of_alice)).json()["documents"]
        assert [(row["name"], row["status"], row["error"]) for row in rows] == [
            ("x/a.txt", "queued", ""),
            ("y/b.txt", "queued", ""),
        ]

    def test_paths_are_optional(self, alices: Client, shelf_of_alice: Collection) -> None:
        answer = alices.post(self.path(shelf_of_alice), {"files": file_of("a.txt", "a")})
        assert answer.json()["documents"][0]["name"] == "a.txt"

    def test_too_few_paths_are_refused(self, alices: Client, shelf_of_alice: Collection) -> None:
        answer = alices.post(self.path(shelf_of_alice), {"files": file_of("a.txt", "a"), "paths": ["a", "b"]})
        assert answer.status_code == 422

    def test_no_files_are_refused(self, alices: Client, shelf_of_alice: Collection) -> None:
        answer = alices.post(self.path(shelf_of_alice), {"paths": ["a"]})
        assert answer.status_code == 422
        assert answer.json()["detail"] == "'files': Field required."

    def test_json_is_no_upload(self, alices: Client, shelf_of_alice: Collection) -> None:
        answer = post(alices, self.path(shelf_of_alice), {"files": []})
        assert answer.status_code == 415
        assert "multipart/form-data" in answer.json()["detail"]

    def test_what_is_left_out_is_named(self, alices: Client, shelf_of_alice: Collection) -> None:
        answer = alices.post(self.path(shelf_of_alice), {"files": file_of("a.xcf", "a")}).json()
        assert answer["documents"] == []
        assert answer["left_out"][0]["name"] == "a.xcf"

    def test_when_nothing_could_be_taken_the_status_says_so(self, alices: Client, shelf_of_alice: Collection) -> None:
        answer = alices.post(self.path(shelf_of_alice), {"files": file_of("a.xcf", "a")})
        assert answer.status_code == 422
        assert answer.json()["detail"] == "a.xcf: Files ending in .xcf cannot be read yet."
        some = {"files": [file_of("a.xcf", "a"), file_of("b.txt", "b")]}
        assert alices.post(self.path(shelf_of_alice), some).status_code == 201

    def test_a_full_disk_has_a_status_of_its_own(
        self, alices: Client, shelf_of_alice: Collection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 0))
        answer = alices.post(self.path(shelf_of_alice), {"files": file_of("a.txt", "a")})
        assert answer.status_code == 507
        assert "not enough room on the disk" in answer.json()["detail"]
        assert not Document.objects.exists()

    def test_status_and_error_are_told(
        self,
        alices: Client,
        put: Put,
        shelf_of_alice: Collection,
        index_all: Callable[[], int],
    ) -> None:
        put("good.txt", "Salt water.")
        put("empty.txt", "")
        index_all()
        rows = {row["name"]: row for row in alices.get(self.path(shelf_of_alice)).json()["documents"]}
        assert rows["good.txt"]["status"] == "indexed"
        assert rows["good.txt"]["passages"] == 1
        assert rows["empty.txt"]["status"] == "failed"
        assert rows["empty.txt"]["error"]

    def test_one_is_deleted(self, alices: Client, put: Put, shelf_of_alice: Collection) -> None:
        document = put("a.txt", "a")
        assert alices.delete(f"{self.path(shelf_of_alice)}/{document.pk}").status_code == 204
        assert not Document.objects.exists()

    def test_one_of_another_collection_is_not_found(self, alices: Client, alice, put: Put) -> None:
        document = put("a.txt", "a")
        other = Collection.objects.create(owner=alice, name="Other")
        assert alices.delete(f"{self.path(other)}/{document.pk}").status_code == 404
        assert Document.objects.exists()


class TestSearch:
    @pytest.fixture(autouse=True)
    def letters(self, put: Put, shelf_of_bob: Collection, index_all: Callable[[], int]) -> None:
        put("bread.txt", "Rye bread rests for eighteen hours.")
        put("bobs.txt", "Rye bread of bob.", shelf_of_bob)
        index_all()

    def test_it_finds_passages(self, alices: Client, shelf_of_alice: Collection) -> None:
        body = {"query": "rye bread", "collections": [shelf_of_alice.pk], "limit": 3}
        answer = post(alices, "/api/search", body).json()
        (passage,) = answer["passages"]
        document = Document.objects.get(name="bread.txt")
        assert (passage["document"], passage["document_id"]) == ("bread.txt", document.pk)
        assert (passage["page"], passage["start"], passage["end"]) == (None, 0, 35)
        assert passage["text"] == "Rye bread rests for eighteen hours."
        assert passage["score"] > 0
        assert answer["note"] == ""

    def test_it_says_why(self, alices: Client) -> None:
        (passage,) = post(alices, "/api/search", {"query": "rye bread"}).json()["passages"]
        assert (passage["lexical_rank"], passage["dense_rank"]) == (1, 1)
        assert passage["lexical_score"] > 0
        assert 0 < passage["dense_score"] <= 1.001
        assert passage["reason"] == "Found by words: “Rye bread” (1st), and by meaning (1st)."
        assert passage["repeats"] == []

    @pytest.mark.parametrize(
        "change, count",
        [
            ({"types": [".txt"]}, 1),
            ({"types": ["pdf", "txt"]}, 1),
            ({"types": [".pdf"]}, 0),
            ({"name": "bre*"}, 1),
            ({"folder": "letters"}, 0),
            ({"since": "2001-01-01", "until": "2100-01-01"}, 1),
            ({"until": "2001-01-01"}, 0),
        ],
    )
    def test_filters_keep_to_some_files(self, alices: Client, change: dict, count: int) -> None:
        assert len(post(alices, "/api/search", {"query": "rye bread"} | change).json()["passages"]) == count

    def test_row_16_a_document_of_somebody_else_is_not_found(self, alices: Client) -> None:
        own, bobs = Document.objects.get(name="bread.txt"), Document.objects.get(name="bobs.txt")
        assert post(alices, "/api/search", {"query": "rye", "documents": [own.pk, bobs.pk]}).status_code == 404
        assert len(post(alices, "/api/search", {"query": "rye", "documents": [own.pk]}).json()["passages"]) == 1

    @pytest.mark.parametrize("body", [{}, {"collections": []}])
    def test_row_16_without_collections_it_searches_ones_own(self, alices: Client, body: dict) -> None:
        answer = post(alices, "/api/search", {"query": "rye bread"} | body).json()
        assert [passage["document"] for passage in answer["passages"]] == ["bread.txt"]

    def test_rows_15_and_16_an_id_of_somebody_else_is_not_found(
        self,
        alices: Client,
        shelf_of_alice: Collection,
        shelf_of_bob: Collection,
    ) -> None:
        body = {"query": "rye", "collections": [shelf_of_alice.pk, shelf_of_bob.pk]}
        assert post(alices, "/api/search", body).status_code == 404

    def test_null_is_as_good_as_nothing(self, alices: Client) -> None:
        nothing = dict.fromkeys(["collections", "documents", "limit", "name", "folder", "types", "since", "until"])
        assert len(post(alices, "/api/search", {"query": "rye"} | nothing).json()["passages"]) == 1

    def test_the_same_id_twice_counts_once(self, alices: Client, shelf_of_alice: Collection) -> None:
        body = {"query": "rye", "collections": [shelf_of_alice.pk] * 2}
        assert len(post(alices, "/api/search", body).json()["passages"]) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"query": ""},
            {"query": None},
            {"limit": 0},
            {"limit": -1},
            {"limit": 10**9},
            {"limit": "x"},
            {"collections": [-1]},
            {"collections": [2**70]},
            {"collections": ["1 OR 1"]},
            {"collections": "all"},
            {"documents": [0]},
            {"since": "yesterday"},
            {"types": [""]},
            {"name": 5},
        ],
    )
    def test_row_06_odd_values_are_refused(self, alices: Client, change: dict) -> None:
        assert post(alices, "/api/search", {"query": "rye"} | change).status_code == 422

    def test_without_the_embedder_it_says_so(self, alices: Client, settings) -> None:
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"inference_url": ""})
        answer = post(alices, "/api/search", {"query": "rye"}).json()
        assert "only the words" in answer["note"]
        assert answer["passages"]


ROUTES = [
    ("get", "/{collection}/documents"),
    ("post", "/{collection}/documents"),
    ("delete", "/{collection}"),
    ("delete", "/{collection}/documents/{document}"),
    ("delete", "/{bobs}/documents/{document}"),
]


@pytest.mark.parametrize("method, route", ROUTES)
def test_rows_15_17_and_18_a_stranger_finds_and_changes_nothing(
    bobs: Client,
    put: Put,
    shelf_of_alice: Collection,
    shelf_of_bob: Collection,
    method: str,
    route: str,
) -> None:
    document = put("a.txt", "a")
    path = API + route.format(collection=shelf_of_alice.pk, document=document.pk, bobs=shelf_of_bob.pk)
    data = {"data": {"files": file_of("b.txt", "b")}} if method == "post" else {}
    assert getattr(bobs, method)(path, **data).status_code == 404
    assert list(Document.objects.values_list("name", "status")) == [("a.txt", Status.QUEUED)]


@pytest.mark.parametrize("method, route", [*ROUTES, ("get", ""), ("post", "")])
def test_nobody_gets_in_without_a_key(accounts_mode: None, db: None, method: str, route: str) -> None:
    path = API + route.format(collection=1, document=1, bobs=1)
    assert getattr(Client(headers={"host": "127.0.0.1"}), method)(path).status_code == 401


@pytest.mark.parametrize("pk", ["0", "-1", str(2**63), "x", "1%20OR%201"])
def test_odd_ids_are_refused(alices: Client, pk: str) -> None:
    assert alices.get(f"{API}/{pk}/documents").status_code in (404, 422)
