"""The benchmark of the search's speed, on an index of some hundred passages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.search import made_in_database
from tests import postgres

PROJECT = Path(__file__).resolve().parents[2]


def benchmark(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.search", "--chunks", "200", "--json", *options]
    return subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, check=False)


def report_of(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What it says of 200 passages, in whatever place."""
    assert run.returncode == 0, run.stderr
    report: dict[str, Any] = json.loads(run.stdout)
    assert report["chunks"] == 200
    assert report["recall@10"] == 1
    assert all(report[leg]["median_ms"] > 0 for leg in ("both", "words", "meaning", "half"))
    return report


def test_it_measures_both_ways_of_searching(tmp_path: Path) -> None:
    assert report_of(benchmark("--folder", str(tmp_path)))["file_mb"] > 0
    assert (tmp_path / "200.sqlite3").exists()


def test_it_measures_them_in_a_database(empty_database: str) -> None:
    report = report_of(benchmark("--database", empty_database))
    assert all(report[size] >= 0 for size in ("graph_mb", "vectors_mb", "words_mb", "postings_mb"))
    assert report["shared_buffers_mb"] > 0
    assert postgres.rows(empty_database, "docs_index.words") == 200
    with pytest.raises(SystemExit, match="That database holds another index"):
        made_in_database(empty_database, 100)
