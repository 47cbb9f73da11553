"""Looking inside a collection and a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from webchat.documents import cutting
from webchat.documents.inside_views import harmless
from webchat.documents.models import Collection, Document, Status

Put = Callable[..., Document]


@pytest.fixture
def as_alice(client_of: Callable[..., Client], alice) -> Client:
    return client_of(alice)


def url(name: str, row: Collection | Document) -> str:
    return reverse(f"documents:{name}", args=[row.pk])


def test_a_collection_says_how_much_of_it_can_be_found(
    as_alice: Client, put: Put, shelf_of_alice: Collection, index_all: Callable[[], int]
) -> None:
    put("a.txt", "Salt water.")
    index_all()
    put("b.txt", "Sweet water.")
    Document.objects.filter(name="b.txt").update(status=Status.FAILED, error="It wants a password.")
    line = as_alice.get(url("coverage", shelf_of_alice)).text
    assert "1 of 2 files, 1 passage, 100 % searchable by meaning" in line
    assert url("failures", shelf_of_alice) in line
    assert f'hx-get="{url("coverage", shelf_of_alice)}"' in as_alice.get(url("detail", shelf_of_alice)).text


def test_what_is_cut_anew_counts_as_found_meanwhile(
    as_alice: Client, put: Put, shelf_of_alice: Collection, index_all: Callable[[], int]
) -> None:
    put("a.txt", "Salt water.")
    index_all()
    cutting.change_to(120)
    assert Document.objects.get().status == Status.QUEUED
    assert "1 of 1 file, 1 passage, 100 % searchable by meaning" in as_alice.get(url("coverage", shelf_of_alice)).text


def test_a_failed_file_is_tried_again_from_its_own_page(as_alice: Client, put: Put) -> None:
    document = put("a.txt", "Salt water.")
    Document.objects.update(status=Status.FAILED, error="It wants a password.")
    assert f'action="{url("retry", document)}"' in as_alice.get(url("document", document)).text
    page = as_alice.post(url("retry", document), follow=True)
    assert page.redirect_chain == [(url("document", document), 302)]
    assert "It wants a password." not in page.text
    assert Document.objects.get().status == Status.QUEUED


def test_failures_are_a_table_that_runs_nothing(as_alice: Client, put: Put, shelf_of_alice: Collection) -> None:
    put("=cmd|' !A0.txt", "x")
    put("good.txt", "x")
    Document.objects.filter(name__startswith="=").update(status=Status.FAILED, error="@SUM(1)\nIt is broken, too.")
    response = as_alice.get(url("failures", shelf_of_alice))
    body = b"".join(response.streaming_content).decode("utf-8-sig")
    [head, row] = csv.reader(io.StringIO(body))
    assert head[:2] == ["file", "reason"]
    assert row[:2] == ["'=cmd|' !A0.txt", "'@SUM(1)\nIt is broken, too."]
    assert response["Content-Disposition"].startswith("attachment")


def test_a_name_with_a_semicolon_stays_one_cell_where_semicolons_part_them(
    as_alice: Client, put: Put, shelf_of_alice: Collection
) -> None:
    put("a;=1+1.txt", "x")
    Document.objects.update(status=Status.FAILED, error="Broken")
    body = b"".join(as_alice.get(url("failures", shelf_of_alice)).streaming_content).decode("utf-8-sig")
    assert not [cell for row in csv.reader(io.StringIO(body), delimiter=";") for cell in row if cell.startswith("=")]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", " =1", "\n=1"])
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("a=1") == "a=1"


def test_a_file_shows_its_passages_with_their_places(as_alice: Client, put: Put, index_all: Callable[[], int]) -> None:
    document = put("a.md", "# Water\n\n" + "Salt water is heavy and <b>cold</b>. " * 40)
    index_all()
    page = unescape(as_alice.get(url("passages", document)).text)
    assert "start=0&end=" in page
    assert "by words and meaning" in page
    assert "Water" in page
    assert "<b>cold</b>" not in as_alice.get(url("passages", document)).text
    assert url("passages", document) in as_alice.get(url("document", document)).text
    assert "no passages here" in as_alice.get(url("passages", document) + "?page=9").text


@pytest.mark.parametrize("name", ["coverage", "failures", "passages"])
def test_rows_15_and_17_a_stranger_finds_nothing(
    client_of: Callable[..., Client], bob, put: Put, shelf_of_alice: Collection, name: str
) -> None:
    document = put("a.txt", "Salt water.")
    assert client_of(bob).get(url(name, document if name == "passages" else shelf_of_alice)).status_code == 404
