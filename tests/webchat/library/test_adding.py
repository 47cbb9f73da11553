"""Adding a GGUF, by its path or by upload."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from tests.inference.test_gguf_parts import write_parts
from tests.webchat.library.gguf_files import gguf, write_gguf
from webchat.library import intake
from webchat.library.models import LanguageModel

BY_PATH, BY_UPLOAD = "/models/add/path/", "/models/add/upload/"
HOSTILE_NAMES = [
    "../../etc/passwd",
    "/etc/cron.d/x.gguf",
    "..\\..\\windows\\system32\\x.gguf",
    "%2e%2e%2fx.gguf",
    "nul\0l.gguf",
    "CON.gguf",
    "x" * 300 + ".gguf",
    "\u202efugg.exe",
    "🔥🔥.gguf",
    ".gguf",
    "-rf.gguf",
    "a b;rm *.gguf",
    "<img src=x onerror=alert(1)>.gguf",
]


def upload_of(data: bytes, name: str = "tiny.gguf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def arrived(data: bytes, name: str) -> TemporaryUploadedFile:
    """An upload as views get it, but past Django's own cleaning of its name."""
    upload = TemporaryUploadedFile(name, "application/octet-stream", len(data), None)
    upload.write(data)
    upload.flush()
    upload.seek(0)
    upload._name = name
    return upload


def test_a_path_is_used_where_it_lies(owner_client: Client, file: Path) -> None:
    response = owner_client.post(BY_PATH, {"path": f'  "{file}" '})

    model = LanguageModel.objects.get()
    assert response.url == f"/models/?added={model.pk}#m{model.pk}"
    assert (model.name, model.path, model.is_ours) == ("tiny", str(file), False)
    assert (model.architecture, model.parameters, model.trained_context) == ("llama", 64, 2048)
    assert model.context_length == 2048
    assert model.memory_bytes > 0


@pytest.mark.parametrize(
    "path, words",
    [
        ("", "Give the path"),
        ("   ", "Give the path"),
        ("models/tiny.gguf", "whole path"),
        ("/no/such/model.gguf", "There is no file /no/such/model.gguf"),
        ("/etc", "is a folder, with no GGUF file"),
        ("/etc/hostname", "not a GGUF file"),
        ("/dev/null", "There is no file"),
        ("~nobody-at-all/x.gguf", "cannot be looked at"),
        ("/" + "x" * 900, "cannot be looked at"),
        ("/tmp/\0.gguf", "ull characters are not allowed"),
    ],
)
def test_a_path_that_is_no_model_is_explained(owner_client: Client, path: str, words: str) -> None:
    response = owner_client.post(BY_PATH, {"path": path})

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not LanguageModel.objects.exists()


def test_a_folder_is_answered_with_what_is_in_it(owner_client: Client, file: Path) -> None:
    page = owner_client.post(BY_PATH, {"path": str(file.parent)}).content.decode()

    assert "Give the path of one file in it: tiny.gguf." in page


def test_the_same_path_is_not_added_twice(owner_client: Client, file: Path) -> None:
    owner_client.post(BY_PATH, {"path": str(file)})
    page = owner_client.post(BY_PATH, {"path": str(file)}).content.decode()

    assert "is here already, as “tiny”" in page
    assert LanguageModel.objects.count() == 1


@pytest.mark.parametrize("size", [3, 30, 200, 500])
def test_a_file_cut_short_is_refused(owner_client: Client, tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(gguf()[:size])

    page = owner_client.post(BY_PATH, {"path": str(path)}).content.decode()

    assert "cut.gguf is" in page
    assert path.exists(), "it is the person's own"


def test_an_upload_lies_in_our_folder(owner_client: Client, models_dir: Path) -> None:
    owner_client.post(BY_UPLOAD, {"file": upload_of(gguf(), "My model.Q4_K_M.gguf")})

    model = LanguageModel.objects.get()
    assert model.name == "My-model-Q4_K_M"
    assert Path(model.path) == models_dir / "My-model-Q4_K_M.gguf"
    assert model.is_ours
    assert Path(model.path).stat().st_mode & 0o077 == 0


def test_a_second_upload_of_a_name_gets_another(owner_client: Client, models_dir: Path) -> None:
    for _ in range(3):
        owner_client.post(BY_UPLOAD, {"file": upload_of(gguf())})

    assert {path.name for path in models_dir.iterdir()} == {"tiny.gguf", "tiny-2.gguf", "tiny-3.gguf"}
    assert set(LanguageModel.objects.values_list("name", flat=True)) == {"tiny", "tiny-2", "tiny-3"}


@pytest.mark.parametrize("data", [b"", b"GGUF", gguf()[:100], b"%PDF-1.4 not a model"])
def test_a_broken_upload_leaves_nothing(owner_client: Client, models_dir: Path, data: bytes) -> None:
    response = owner_client.post(BY_UPLOAD, {"file": upload_of(data)})

    assert response.status_code == 422
    assert "tiny.gguf is" in response.content.decode()
    assert not list(models_dir.iterdir())
    assert not LanguageModel.objects.exists()


def test_an_upload_without_a_file_is_explained(owner_client: Client) -> None:
    assert "Choose a GGUF file first." in owner_client.post(BY_UPLOAD, {}).content.decode()


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_row_33_no_name_leaves_the_models_folder(db, models_dir: Path, name: str) -> None:
    upload = arrived(gguf(), name)

    model = intake.add_upload(upload)
    upload.close()

    assert Path(model.path).parent == models_dir
    assert Path(model.path).is_file()
    assert model.name.isascii()
    assert len(Path(model.path).name) < 140
    assert Path(model.path).stem.upper() != "CON"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_row_33_every_name_fits_an_address(name: str) -> None:
    stem = intake.safe_stem(name)

    assert stem
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert not stem.startswith("-")


def test_the_embedders_name_is_taken(db, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "all-MiniLM-L6-v2.gguf")

    assert intake.add_path(str(path)).name == "all-MiniLM-L6-v2-2"


def test_row_29_what_a_file_says_is_text(owner_client: Client, tmp_path: Path) -> None:
    path = tmp_path / "<img src=x onerror=alert(1)>.gguf"
    path.write_bytes(gguf(template="</pre><script>alert(1)</script>"))
    owner_client.post(BY_PATH, {"path": str(path)})

    page = owner_client.get("/models/").content.decode()

    assert "<img src=x" not in page
    assert "<script>alert" not in page


def test_a_model_in_parts_is_added_by_its_first(owner_client: Client, tmp_path: Path) -> None:
    first, *_ = write_parts(tmp_path)

    owner_client.post(BY_PATH, {"path": str(first)})

    model = LanguageModel.objects.get()
    assert (model.name, model.path) == ("big", str(first))
    assert model.size_bytes == sum(part.stat().st_size for part in tmp_path.glob("*.gguf"))


def test_a_missing_part_is_named(owner_client: Client, tmp_path: Path) -> None:
    first, second, _ = write_parts(tmp_path)
    second.unlink()

    page = owner_client.post(BY_PATH, {"path": str(first)}).content.decode()

    assert f"{second.name} is not beside it" in page
    assert not LanguageModel.objects.exists()


def test_a_folder_with_a_model_in_parts_names_the_first_alone(owner_client: Client, tmp_path: Path) -> None:
    first, second, _ = write_parts(tmp_path)

    page = owner_client.post(BY_PATH, {"path": str(tmp_path)}).content.decode()

    assert first.name in page
    assert second.name not in page
