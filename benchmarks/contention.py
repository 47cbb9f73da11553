"""Chat speed of a running Inglenook: idle, while a folder is being indexed, and idle again.

    python -m benchmarks.contention --base-url http://127.0.0.1:8000 --json

Makes a collection of invented text, so that no vector is known already, and removes it at the end. The figure to quote
is `ratio`: tokens per second while indexing over the mean of the two idle phases.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

LETTERS = "aeioubcdfghklmnprst"


def invented_text(rng: random.Random, words: int) -> str:
    """Sentences of words that are nobody's, of the length of English ones."""
    sentences = []
    for _ in range(words // 12):
        picked = ["".join(rng.choices(LETTERS, k=rng.randint(2, 9))) for _ in range(12)]
        sentences.append(" ".join(picked).capitalize() + ".")
    return " ".join(sentences)


def files(folder: Path | None, count: int, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    if folder is None:
        yield from ((f"invented-{n}.txt", invented_text(rng, 2000).encode()) for n in range(count))
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def answer_speed(client: httpx2.Client, model: str, tokens: int) -> float:
    """Tokens per second of one streamed answer, from its first token to its last."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": f"Tell me about ships. {random.random()}"}],
        "max_tokens": tokens,
        "ignore_eos": True,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    first = last = 0.0
    count = 0
    with client.stream("POST", "/v1/chat/completions", json=body) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            if not line.startswith("data: ") or line == "data: [DONE]":
                continue
            event = json.loads(line[6:])
            if event.get("usage"):
                count = event["usage"]["completion_tokens"]
            elif event["choices"] and event["choices"][0]["delta"].get("content"):
                last = time.perf_counter()
                first = first or last
    return (count - 1) / (last - first)


def pending(client: httpx2.Client, collection: int) -> int:
    documents = client.get(f"/api/collections/{collection}/documents").json()["documents"]
    return sum(document["status"] in ("queued", "indexing") for document in documents)


def indexed_chunks(client: httpx2.Client, collection: int) -> int:
    documents = client.get(f"/api/collections/{collection}/documents").json()["documents"]
    return sum(document.get("passages", 0) for document in documents if document["status"] == "indexed")


def measure(client: httpx2.Client, options: argparse.Namespace) -> dict[str, float]:
    model = options.model or client.get("/v1/models").json()["data"][0]["id"]
    answer_speed(client, model, 32)  # loads the model
    before = [answer_speed(client, model, options.tokens) for _ in range(options.answers)]
    collection = client.post("/api/collections", json={"name": f"contention {time.time():.0f}"}).json()["id"]
    try:
        warm_up(client, collection)
        upload(client, collection, options)
        start, chunks_before = time.perf_counter(), indexed_chunks(client, collection)
        during = []
        while len(during) < options.answers and pending(client, collection):
            during.append(answer_speed(client, model, options.tokens))
        seconds, chunks = time.perf_counter() - start, indexed_chunks(client, collection) - chunks_before
    finally:
        client.delete(f"/api/collections/{collection}").raise_for_status()
    time.sleep(3)
    after = [answer_speed(client, model, options.tokens) for _ in range(options.answers)]
    idle = statistics.median(before + after)
    return {
        "idle_tokens_per_s": round(idle, 1),
        "indexing_tokens_per_s": round(statistics.median(during), 1),
        "ratio": round(statistics.median(during) / idle, 3),
        "chunks_per_s_beside_chat": round(chunks / seconds, 1),
        "answers_while_indexing": len(during),
    }


def warm_up(client: httpx2.Client, collection: int) -> None:
    """Indexes one file, so that loading the embedder is not part of the figures."""
    text = invented_text(random.Random(), 100).encode()
    client.post(f"/api/collections/{collection}/documents", files=[("files", ("warm-up.txt", text))]).raise_for_status()
    while pending(client, collection):
        time.sleep(0.5)


def upload(client: httpx2.Client, collection: int, options: argparse.Namespace) -> None:
    folder = Path(options.folder) if options.folder else None
    parts = [("files", part) for part in files(folder, options.files, random.Random())]
    client.post(f"/api/collections/{collection}/documents", files=parts).raise_for_status()
    time.sleep(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000")
    parser.add_argument("--api-key", default="")
    parser.add_argument("--model", default="", help="default: the first one served")
    parser.add_argument("--folder", default="", help="index these files instead of invented ones")
    parser.add_argument("--files", type=int, default=150, help="how many files to invent")
    parser.add_argument("--tokens", type=int, default=256, help="length of each answer")
    parser.add_argument("--answers", type=int, default=5, help="answers in each phase")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    headers = {"Authorization": f"Bearer {options.api_key}"} if options.api_key else {}
    base_url = options.base_url.removesuffix("/").removesuffix("/v1")
    with httpx2.Client(base_url=base_url, headers=headers, timeout=600, trust_env=False) as client:
        figures = measure(client, options)
    print(json.dumps(figures) if options.json else "\n".join(f"{name:28}{value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
