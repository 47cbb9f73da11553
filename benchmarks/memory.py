"""Memory of each process of a running Inglenook, by its `serve` process.

    python -m benchmarks.memory --pid 4242 --json

`unique` is what would be free again if that process alone ended; `resident` also counts what it shares with others,
such as the model file that is mapped from disk.
"""

from __future__ import annotations

import argparse
import json

import psutil

NAMES = {
    "serve": ("manage.py", "serve"),
    "web": ("manage.py", "web"),
    "worker": ("manage.py", "worker"),
    "service": ("inference.service",),
    "runner": ("inference.runner",),
    "reader": ("reader_process",),
}


def name_of(process: psutil.Process) -> str:
    line = process.cmdline()
    for name, words in NAMES.items():
        if all(any(part.endswith(word) for part in line) for word in words):
            return name
    return process.name()


def measure(pid: int) -> list[dict[str, object]]:
    head = psutil.Process(pid)
    rows = []
    for process in [head, *head.children(recursive=True)]:
        memory = process.memory_full_info()
        rows.append(
            {
                "process": name_of(process),
                "pid": process.pid,
                "resident_mb": round(memory.rss / 1e6),
                "unique_mb": round(memory.uss / 1e6),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pid", type=int, required=True, help="of `manage.py serve`")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.pid)
    if options.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{row['process']:10} {row['resident_mb']:>6} MB resident {row['unique_mb']:>6} MB unique")


if __name__ == "__main__":
    main()
