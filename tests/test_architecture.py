"""The import rules of docs/architecture.md, held by reading the code and by looking into a real process."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
DJANGO = {"django", "channels", "daphne", "ninja", "django_htmx", "csp", "whitenoise"}
APPS_BELOW = {  # an app may import itself and these
    "accounts": set(),
    "library": {"accounts"},
    "documents": {"accounts", "library"},
    "chat": {"accounts", "library", "documents"},
    "api": {"accounts", "library", "documents"},
}


def sources(package: str) -> list[Path]:
    files = sorted((PROJECT / package).rglob("*.py"))
    assert files, f"{package} is empty"
    return files


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, by its whole name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize(
    "package, others", [("inference", {"docs_index", "webchat"}), ("docs_index", {"inference", "webchat"})]
)
def test_the_libraries_know_nothing_of_django_or_of_each_other(package: str, others: set[str]) -> None:
    for path in sources(package):
        assert not roots(path) & (DJANGO | others), path


def test_only_the_binding_imports_llama_cpp() -> None:
    users = {
        path.parent
        for package in ("inference", "docs_index", "webchat")
        for path in sources(package)
        if "llama_cpp" in roots(path)
    }
    assert users == {PROJECT / "inference" / "binding"}


def test_only_the_embedder_and_the_cross_encoder_import_torch() -> None:
    heavy = {"torch", "transformers", "sentence_transformers"}
    users = [
        path for package in ("inference", "docs_index", "webchat") for path in sources(package) if roots(path) & heavy
    ]
    assert set(users) == {PROJECT / "inference" / name for name in ("embedder.py", "cross_encoder.py")}


@pytest.mark.parametrize("app", APPS_BELOW)
def test_apps_depend_downwards_only(app: str) -> None:
    forbidden = set(APPS_BELOW) - APPS_BELOW[app] - {app}
    for path in sources(f"webchat/{app}"):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("webchat.")}
        assert not used & forbidden, path


def test_only_one_module_reads_the_environment() -> None:
    for package in ("docs_index", "webchat"):
        for path in sources(package):
            if path == PROJECT / "webchat" / "environment.py":
                continue
            text = path.read_text(encoding="utf-8")
            reads = [word for word in ("os.getenv", "environ.get", "environ[", "BaseSettings") if word in text]
            assert not reads, f"{path}: {reads}"


def test_a_web_process_holds_no_engine(tmp_path: Path) -> None:
    program = (
        "import sys, webchat.asgi, webchat.urls\n"
        "print(','.join(sorted({'llama_cpp', 'torch', 'transformers', 'sentence_transformers'} & set(sys.modules))))"
    )
    env = os.environ | {"INGLENOOK_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "webchat.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_modules_say_what_they_promise() -> None:
    for package in ("inference", "docs_index", "webchat"):
        for path in sources(package):
            if "migrations" in path.parts or path.name in {"apps.py"}:
                continue
            text = path.read_text(encoding="utf-8")
            assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{path} opens without a docstring"


def test_no_name_fits_every_file() -> None:
    names = {path.stem for package in ("inference", "docs_index", "webchat") for path in sources(package)}
    assert not names & {"utils", "util", "helpers", "common", "misc", "manager", "managers"}


def test_no_test_measures_how_long_something_takes() -> None:
    """It would fail on a busy machine. Two sizes can be compared: see tests/growth.py."""
    clocks = re.compile(r"\b(process_time|thread_time|perf_counter)(_ns)?\(")
    found = [path for path in sources("tests") if clocks.search(path.read_text(encoding="utf-8"))]
    assert found == [PROJECT / "tests" / "growth.py"]
