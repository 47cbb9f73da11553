"""Five formats, from their bytes to the passage with the fact, with the real embedding model."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest
from asgiref.sync import async_to_sync

from docs_index.chunker import Chunker
from docs_index.reading import ReaderProcess
from docs_index.types import ReadLimits
from webchat.documents import shelf
from webchat.documents.indexing import Indexer
from webchat.documents.models import Collection, Document, Status
from webchat.library import engine

pytestmark = pytest.mark.model

FACTS = {
    "tides.txt": ("How high was the water at Quillmouth?", "7.43 meters"),
    "bread.md": ("For how long does rye dough rest?", "eighteen hours"),
    "garden.html": ("Who planted the apple tree?", "aunt Ottilie"),
    "minutes.docx": ("What did the council pay for the clock tower?", "12,400 crowns"),
    "survey.pdf": ("When was the bridge painted?", "painted green in 1987"),
}


def word_file(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def pdf_file(*pages: str) -> bytes:
    """A minimal PDF with a line of text on each page."""
    font = 3 + 2 * len(pages)
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(len(pages)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    for i, text in enumerate(pages):
        drawing = f"BT /F1 14 Tf 60 700 Td ({text}) Tj ET"
        place = f"/Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 {font} 0 R >> >>"
        objects.append(f"<< /Type /Page {place} /Contents {4 + 2 * i} 0 R >>")
        objects.append(f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF"
    return (body + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}").encode()


@pytest.fixture
def indexer(echo_service: None, starter_models, settings) -> Iterator[Indexer]:
    settings.EMBEDDER_KIND = "embedding"
    settings.EMBEDDER_NAME = "minilm-of-this-test"
    settings.EMBEDDER_PATH = starter_models.embedder
    reader = ReaderProcess(ReadLimits())
    chunker = Chunker(Path(starter_models.embedder) / "tokenizer.json")
    yield Indexer("test:1:0", index=shelf.index(), reader=reader, chunker=chunker, embed=engine.embed)
    reader.close()
    async_to_sync(stop_embedder)()


async def stop_embedder() -> None:
    await engine.service().stop("minilm-of-this-test")


@pytest.mark.timeout(300)
def test_the_fact_in_each_of_five_formats_is_found(
    put: Callable[..., Document], indexer: Indexer, shelf_of_alice: Collection
) -> None:
    put("tides.txt", "The highest tide at Quillmouth was measured in 1962: 7.43 meters above the datum.")
    put("bread.md", "# Bread\n\n## Rye\n\nRye dough rests for eighteen hours before it is baked.\n")
    put("garden.html", "<nav>Home</nav><p>The apple tree was planted by aunt Ottilie.</p><script>alert(1)</script>")
    put("minutes.docx", word_file("Minutes", "The council repairs the clock tower for 12,400 crowns."))
    put("survey.pdf", pdf_file("Survey of the county.", "The bridge was last painted green in 1987."))
    assert async_to_sync(indexer.drain)() == 5
    assert set(Document.objects.values_list("status", flat=True)) == {Status.INDEXED}

    for name, (question, fact) in FACTS.items():
        found = async_to_sync(shelf.find)(question, [shelf_of_alice], 5)
        best = found.passages[0]
        assert found.note == ""
        assert (best.name, fact in best.text, best.dense_rank) == (name, True, 1), question
        text = shelf.index().text(Document.objects.get(name=name).index_key).text
        assert text[best.start : best.end] == best.text
    assert best.page == 2
