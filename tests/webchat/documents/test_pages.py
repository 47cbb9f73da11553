"""The pages of collections, documents and search."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import AsyncClient, Client
from django.urls import reverse

from tests.webchat.documents.conftest import file_of
from webchat.chat.models import Conversation
from webchat.documents import claims, listing, storage
from webchat.documents.models import Collection, Document, Status, Step

Put = Callable[..., Document]
IndexAll = Callable[[], int]


@pytest.fixture
def as_alice(client_of: Callable[..., Client], alice) -> Client:
    return client_of(alice)


def url(name: str, row: Collection | Document | None = None, query: str = "") -> str:
    return reverse(f"documents:{name}", args=[row.pk] if row else []) + query


def upload(client: Client, collection: Collection, **fields: object):
    return client.post(url("upload", collection), fields, headers={"accept": "application/json"})


class TestCollections:
    def test_an_empty_page_invites(self, owner_client: Client) -> None:
        assert "Put a folder of your files into a collection" in owner_client.get(url("list")).text

    def test_it_lists_collections_with_their_files_by_state(self, as_alice: Client, put: Put) -> None:
        put("a.txt", "a")
        put("b.txt", "b")
        Document.objects.filter(name="b.txt").update(status=Status.FAILED)
        page = as_alice.get(url("list")).text
        assert "Letters" in page
        assert "2 files" in page
        assert "1 on the way" in page
        assert "1 failed" in page

    def test_a_new_collection_opens(self, as_alice: Client, alice) -> None:
        response = as_alice.post(url("create"), {"name": "  My\u202e letters "})
        collection = alice.collections.get()
        assert collection.name == "My letters"
        assert response.url == url("detail", collection)

    @pytest.mark.parametrize(
        "name, words",
        [("", "needs a name"), ("\u202e", "needs a name"), ("x" * 121, "at most 120"), ("Letters", "already have")],
    )
    def test_a_name_that_cannot_be_is_explained(
        self, as_alice: Client, shelf_of_alice: Collection, name: str, words: str
    ) -> None:
        response = as_alice.post(url("create"), {"name": name})
        assert response.status_code == 422
        assert words in response.text
        assert Collection.objects.count() == 1

    def test_two_people_may_use_the_same_name(self, as_alice: Client, shelf_of_bob: Collection) -> None:
        assert as_alice.post(url("create"), {"name": shelf_of_bob.name}).status_code == 302

    def test_it_is_renamed(self, as_alice: Client, shelf_of_alice: Collection) -> None:
        as_alice.post(url("rename", shelf_of_alice), {"name": "Diaries"})
        shelf_of_alice.refresh_from_db()
        assert shelf_of_alice.name == "Diaries"

    def test_a_rename_that_cannot_be_keeps_the_name(self, as_alice: Client, shelf_of_alice: Collection) -> None:
        response = as_alice.post(url("rename", shelf_of_alice), {"name": ""})
        assert response.status_code == 422
        assert "<h1>Letters</h1>" in response.text

    def test_deleting_says_what_it_costs(self, as_alice: Client, alice, put: Put, shelf_of_alice: Collection) -> None:
        put("a.txt", "a")
        Conversation.objects.create(owner=alice).collections.add(shelf_of_alice)
        page = as_alice.get(url("delete", shelf_of_alice)).text
        assert "(1\xa0byte): 1 file." in page
        assert "1 conversation uses it" in page
        assert Collection.objects.exists()

    def test_deleting_removes_all_of_it(self, as_alice: Client, put: Put, shelf_of_alice: Collection) -> None:
        put("a.txt", "a")
        assert as_alice.post(url("delete", shelf_of_alice)).url == url("list")
        assert not Collection.objects.exists()
        assert list(storage.kept()) == []


class TestUpload:
    def test_a_folder_keeps_its_paths(self, as_alice: Client, shelf_of_alice: Collection) -> None:
        files = [file_of("a.txt", "a"), file_of("b.md", "b")]
        answer = upload(as_alice, shelf_of_alice, files=files, paths=["trip/a.txt", "trip/north/b.md"]).json()
        assert answer == {"added": 2, "updated": 0, "unchanged": 0, "left_out": []}
        assert [row.name for row in shelf_of_alice.documents.all()] == ["trip/a.txt", "trip/north/b.md"]

    def test_what_is_left_out_is_named(self, as_alice: Client, shelf_of_alice: Collection) -> None:
        answer = upload(as_alice, shelf_of_alice, files=[file_of("photo.xcf", "x")]).json()
        assert answer["left_out"] == [{"name": "photo.xcf", "reason": "Files ending in .xcf cannot be read yet."}]

    def test_an_old_office_file_is_told_what_to_become(self, as_alice: Client, shelf_of_alice: Collection) -> None:
        answer = upload(as_alice, shelf_of_alice, files=[file_of("letter.DOC", "x")]).json()
        assert answer["left_out"][0]["reason"] == "Files ending in .doc cannot be read yet. Save it as .docx."

    def test_a_plain_form_gets_the_page_again(self, as_alice: Client, shelf_of_alice: Collection) -> None:
        files = [file_of("a.txt", "a"), file_of("b.xcf", "b")]
        response = as_alice.post(url("upload", shelf_of_alice), {"files": files}, follow=True)
        assert "b.xcf was left out" in response.text

    def test_too_few_paths_are_refused(self, as_alice: Client, shelf_of_alice: Collection) -> None:
        response = upload(as_alice, shelf_of_alice, files=[file_of("a.txt", "a")], paths=["a", "b"])
        assert response.status_code == 422
        assert "paths" in response.json()["detail"]

    def test_the_page_tells_the_script_what_can_be_read(self, as_alice: Client, shelf_of_alice: Collection) -> None:
        page = as_alice.get(url("detail", shelf_of_alice)).text
        assert re.search(r'data-suffixes="[^"]*\.pdf', page)
        assert "webkitdirectory" in page

    def test_row_13_an_upload_needs_a_token(self, alice, accounts_mode: None, shelf_of_alice: Collection) -> None:
        client = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})
        client.force_login(alice)
        assert upload(client, shelf_of_alice, files=[file_of("a.txt", "a")]).status_code == 403


class TestFiles:
    def test_states_errors_and_actions_are_shown(self, as_alice: Client, put: Put, shelf_of_alice: Collection) -> None:
        document = put("letters/a.pdf", "a")
        Document.objects.update(status=Status.FAILED, error="It wants a password.")
        page = as_alice.get(url("detail", shelf_of_alice)).text
        assert "It wants a password." in page
        assert url("retry", document) in page
        assert url("delete_document", document) in page

    def test_it_is_live_only_while_something_moves(
        self, as_alice: Client, put: Put, shelf_of_alice: Collection, index_all: IndexAll
    ) -> None:
        put("a.txt", "Salt water.")
        assert "every 2s" in as_alice.get(url("files", shelf_of_alice)).text
        index_all()
        assert "every 2s" not in as_alice.get(url("files", shelf_of_alice)).text

    def test_an_unchanged_table_is_not_sent_again(self, as_alice: Client, put: Put, shelf_of_alice: Collection) -> None:
        put("a.txt", "Salt water.")
        seen = re.search(r"seen=(\w+)", as_alice.get(url("files", shelf_of_alice)).text)[1]
        assert as_alice.get(url("files", shelf_of_alice, f"?seen={seen}")).status_code == 204
        Document.objects.update(progress=50)
        assert as_alice.get(url("files", shelf_of_alice, f"?seen={seen}")).status_code == 200

    def test_it_says_what_the_files_wait_for(self, as_alice: Client, put: Put, shelf_of_alice: Collection) -> None:
        put("a.txt", "Salt water.")
        claims.put_note("Waiting for the embedding model. Nobody answers.", Step.READ)
        assert "Waiting for the embedding model." in as_alice.get(url("detail", shelf_of_alice)).text

    def test_a_failed_file_is_retried(self, as_alice: Client, put: Put) -> None:
        document = put("a.txt", "a")
        Document.objects.update(status=Status.FAILED, error="Bad day.")
        assert "Queued" in as_alice.post(url("retry", document), headers={"hx-request": "true"}).text
        document.refresh_from_db()
        assert (document.status, document.error) == (Status.QUEUED, "")

    def test_all_failed_files_are_retried(self, as_alice: Client, put: Put, shelf_of_alice: Collection) -> None:
        put("a.txt", "a")
        put("b.txt", "b")
        Document.objects.update(status=Status.FAILED)
        as_alice.post(url("retry_failed", shelf_of_alice))
        assert not Document.objects.filter(status=Status.FAILED).exists()

    def test_a_file_is_deleted(self, as_alice: Client, put: Put) -> None:
        document = put("a.txt", "a")
        assert "This collection is empty" in as_alice.post(url("delete_document", document)).text
        assert not Document.objects.exists()

    def test_many_files_come_in_pages(
        self, as_alice: Client, put: Put, shelf_of_alice: Collection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listing, "FILES_ON_A_PAGE", 2)
        for name in "abc":
            put(f"{name}.txt", name)
        first, second = (as_alice.get(url("detail", shelf_of_alice, f"?page={n}")).text for n in (1, 2))
        assert ("a.txt" in first, "c.txt" in first) == (True, False)
        assert ("a.txt" in second, "c.txt" in second) == (False, True)

    @pytest.mark.parametrize("query", ["?page=99", "?page=x", "?page=-1", "?show=nonsense", "?show=failed&page=0"])
    def test_odd_addresses_show_a_page(
        self, as_alice: Client, put: Put, shelf_of_alice: Collection, query: str
    ) -> None:
        put("a.txt", "a")
        assert as_alice.get(url("detail", shelf_of_alice, query)).status_code == 200

    def test_only_the_failed_ones(self, as_alice: Client, put: Put, shelf_of_alice: Collection) -> None:
        put("good.txt", "a")
        put("bad.txt", "b")
        Document.objects.filter(name="bad.txt").update(status=Status.FAILED)
        page = as_alice.get(url("detail", shelf_of_alice, "?show=failed")).text
        assert ("bad.txt" in page, "good.txt" in page) == (True, False)


class TestViewer:
    def test_the_passage_is_marked(self, as_alice: Client, put: Put, index_all: IndexAll) -> None:
        document = put("a.txt", "Salt water and sweet water.")
        index_all()
        page = as_alice.get(url("document", document, "?start=15&end=26")).text
        assert re.search(r"<mark id=\"passage\"[^>]*>sweet water</mark>", page)

    @pytest.mark.parametrize(
        "query", ["?start=x&end=5", "?start=5", "?start=-1&end=3", "?start=99999999999999999&end=1", "?from=5000"]
    )
    def test_odd_offsets_show_the_text(self, as_alice: Client, put: Put, index_all: IndexAll, query: str) -> None:
        document = put("a.txt", "Salt water.")
        index_all()
        response = as_alice.get(url("document", document, query))
        assert response.status_code == 200
        assert "<mark" not in response.text

    def test_row_29_text_of_a_document_is_text(self, as_alice: Client, put: Put, index_all: IndexAll) -> None:
        document = put("<img src=x>.txt", "<script>alert(1)</script> & <b>bold</b>")
        index_all()
        page = as_alice.get(url("document", document)).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<img src=x>" not in page
        assert "<img src=x>" not in as_alice.get(url("detail", document.collection)).text

    def test_a_long_text_comes_in_stretches(self, as_alice: Client, put: Put, index_all: IndexAll) -> None:
        document = put("long.txt", "\n".join(f"Line number {i}." for i in range(4000)))
        index_all()
        page = as_alice.get(url("document", document)).text
        assert "Line number 100." in page
        assert "Line number 3999." not in page
        more = re.search(r'hx-get="([^"]+from=\d+)"', page)[1]
        assert "Line number 2000." in as_alice.get(more).text

    def test_a_file_that_is_not_read_yet_says_so(self, as_alice: Client, put: Put) -> None:
        document = put("a.txt", "Salt water.")
        assert "has not been read yet" in as_alice.get(url("document", document)).text
        assert as_alice.get(url("text", document)).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["page.html", "../../evil\r\nX-Injected: 1.html", "día 🦊.md", 'quo"te.txt'])
async def test_row_32_an_original_is_a_download_and_never_a_page(owner, settings, name: str) -> None:
    collection = await Collection.objects.acreate(owner=owner, name="Pages")
    content = "<script>alert(1)</script>"
    from asgiref.sync import sync_to_async

    from webchat.documents.intake import take_in

    intake = await sync_to_async(take_in)(collection, [file_of("x", content)], [name])
    response = await AsyncClient(headers={"host": "127.0.0.1"}).get(url("download", intake.documents[0][0]))
    assert b"".join([block async for block in response.streaming_content]).decode() == content
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert "X-Injected" not in response.headers


COLLECTION_PAGES = [
    ("get", "detail"),
    ("get", "files"),
    ("get", "delete"),
    ("post", "delete"),
    ("post", "upload"),
    ("post", "rename"),
    ("post", "retry_failed"),
]
DOCUMENT_PAGES = [
    ("get", "document"),
    ("get", "text"),
    ("get", "download"),
    ("post", "retry"),
    ("post", "delete_document"),
]


@pytest.mark.parametrize("method, name", COLLECTION_PAGES + DOCUMENT_PAGES)
def test_rows_15_and_17_a_stranger_finds_nothing(
    client_of: Callable[..., Client], bob, put: Put, shelf_of_alice: Collection, method: str, name: str
) -> None:
    document = put("a.txt", "Salt water.")
    row = document if ("", name) in [("", other) for _, other in DOCUMENT_PAGES] else shelf_of_alice
    assert getattr(client_of(bob), method)(url(name, row), {"name": "Mine"}).status_code == 404
    document.refresh_from_db()
    assert document.status == Status.QUEUED
    assert Collection.objects.get().name == "Letters"


@pytest.mark.parametrize("method, name", COLLECTION_PAGES + DOCUMENT_PAGES)
def test_nobody_gets_in_without_logging_in(
    accounts_mode: None, put: Put, shelf_of_alice: Collection, method: str, name: str
) -> None:
    document = put("a.txt", "Salt water.")
    row = document if name in {other for _, other in DOCUMENT_PAGES} else shelf_of_alice
    response = getattr(Client(headers={"host": "127.0.0.1"}), method)(url(name, row))
    assert response.status_code == 302
    assert response.url.startswith(reverse("accounts:login"))
