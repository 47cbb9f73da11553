"""A folder followed by the worker of a fresh Inglenook, and how long each step takes. A child of benchmarks.indexing.

Prints one JSON object. The worker has indexed a file already when the clock starts, so that what is measured is neither
the loading of the model nor the start of a process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil

from inference import lifeline

PROJECT = Path(__file__).resolve().parent.parent
STEP_S = 0.05
FIRST_STEP_S = 0.25  # asking costs the worker processor time, and the first run is long
WAIT_S = 3600.0
SAMPLE_S = 0.2
PLAIN = frozenset([".txt", ".md", ".rst", ".html", ".csv", ".py", ".json", ".xml", ".log", ".tsv"])


class MemoryWatch:
    """The most memory that a process and its children were seen to hold together."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self._root = psutil.Process(pid)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self._root.is_running():
            self.peak_bytes = max(self.peak_bytes, held_bytes(self._root))
            time.sleep(SAMPLE_S)


def held_bytes(root: psutil.Process) -> int:
    held = 0
    for process in [root, *root.children(recursive=True)]:
        try:
            held += process.memory_info().rss
        except psutil.NoSuchProcess:  # a reader that was replaced meanwhile
            continue
    return held


def cpu_s(root: psutil.Process) -> float:
    """What a process and its children have computed so far."""
    times = [process.cpu_times() for process in [root, *root.children(recursive=True)]]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def wait_until(is_true: Callable[[], bool], step_s: float = STEP_S) -> float:
    """Seconds from now."""
    begin = time.perf_counter()
    while not is_true():
        if time.perf_counter() - begin > WAIT_S:
            raise SystemExit("It does not get done.")
        time.sleep(step_s)
    return time.perf_counter() - begin


class FollowedFolder:
    """A folder's row, and what its documents have come to."""

    def __init__(self, path: Path) -> None:
        from webchat.accounts.owner import owner
        from webchat.documents.models import Collection, Folder

        self.path = path
        self.collection = Collection.objects.create(owner=owner(), name=path.name)
        self.row = Folder.objects.create(collection=self.collection, path=str(path), label=path.name)

    def look(self) -> float:
        """Asks for a look; seconds until it is over and nothing is left to do."""
        from webchat.documents.folder_rows import want_look

        before = self._looked()
        want_look(self.row)
        return wait_until(lambda: self._looked() != before and self.is_done())

    def wait(self) -> float:
        """Seconds until it has been looked at and all that was found has been dealt with."""
        return wait_until(lambda: self._looked() is not None and self.is_done(), FIRST_STEP_S)

    def is_done(self) -> bool:
        from webchat.documents.models import Status

        return not self.collection.documents.exclude(status__in=[Status.INDEXED, Status.FAILED]).exists()

    def change(self, share: int) -> tuple[int, float]:
        """Adds a line to one file in `share`; seconds until the new versions answer."""
        from webchat.documents.models import Status

        rows = self.collection.documents.filter(status=Status.INDEXED).order_by("name")
        plain = [row for row in rows if Path(row.relative).suffix in PLAIN]
        wanted = max(len(rows) // share, 1)
        chosen = plain[:: max(len(plain) // wanted, 1)][:wanted]
        for row in chosen:
            with (self.path / row.relative).open("a", encoding="utf-8") as file:
                file.write("\nThis line has come later.\n")
        old = {row.pk: row.digest for row in chosen}

        def are_renewed() -> bool:
            now = self.collection.documents.filter(pk__in=old, status=Status.INDEXED).values_list("pk", "digest")
            return all(digest != old[pk] for pk, digest in now) and len(now) == len(old)

        return len(chosen), wait_until(are_renewed)

    def _looked(self) -> object:
        self.row.refresh_from_db()
        return self.row.scanned


def texts_of(collection: str) -> list[str]:
    """What had to be embedded, each text once."""
    from django.conf import settings

    from docs_index.chunker import Chunker
    from webchat.documents import shelf

    index = shelf.index()
    chunker = Chunker(settings.EMBEDDER_PATH / "tokenizer.json")
    extractions = (index.text(key) for key in index.documents(collection))
    return list(dict.fromkeys(chunk.text for text in extractions if text for chunk in chunker.split(text)))


def sentence_count() -> int:
    """How many sentences have vectors of their own."""
    from django.conf import settings

    with closing(sqlite3.connect(settings.INDEX_PATH)) as connection:
        return int(connection.execute("SELECT coalesce(sum(count), 0) FROM sentence_vectors").fetchone()[0])


def measure(path: Path, *, with_changes: bool) -> dict[str, object]:
    from webchat.library import engine

    asyncio.run(engine.embed(["The model is loaded before the clock runs."]))
    worker = lifeline.spawn([sys.executable, "manage.py", "worker"], {}, cwd=PROJECT)
    try:
        warm = path.parent / "warm"
        warm.mkdir()
        (warm / "a.txt").write_text("The worker has read a file before the clock runs.")
        FollowedFolder(warm).wait()
        print("The worker is up.", file=sys.stderr, flush=True)
        memory = MemoryWatch(worker.pid)
        embedder = MemoryWatch(embedder_pid())
        processes = [psutil.Process(worker.pid), psutil.Process(embedder_pid())]
        cpu_begin = sum(map(cpu_s, processes))
        followed = FollowedFolder(path)
        found: dict[str, object] = {"seconds": followed.wait()}
        found["cpu_s"] = sum(map(cpu_s, processes)) - cpu_begin
        if with_changes:
            found["again_s"] = followed.look()
            found["changed_files"], found["changed_s"] = followed.change(100)
    finally:
        lifeline.cut(worker)
    return found | {
        "files": followed.collection.documents.count(),
        "statuses": Counter(followed.collection.documents.values_list("status", flat=True)),
        "texts": texts_of(followed.collection.index_key),
        "sentences": sentence_count(),
        "peak_worker_mb": round(memory.peak_bytes / 1e6),
        "peak_embedder_mb": round(embedder.peak_bytes / 1e6),
    }


def embedder_pid() -> int:
    """The runner's: the only child of the service, which is a sibling of ours."""
    parent = psutil.Process().parent()
    assert parent is not None
    names = ("inference.runner",)
    return next(p.pid for p in parent.children(recursive=True) if any(name in " ".join(p.cmdline()) for name in names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--change", action="store_true", help="look again, and change one file in a hundred")
    arguments = parser.parse_args()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps(measure(arguments.folder, with_changes=arguments.change)))


if __name__ == "__main__":
    main()
