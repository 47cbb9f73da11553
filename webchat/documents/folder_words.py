"""What people read about folders: why things are left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat

from webchat.documents.folder_rules import Reason
from webchat.documents.folder_walk import MAX_DEPTH, MAX_FILES, Tally

WORDS = {
    Reason.HIDDEN: "hidden files and folders",
    Reason.INSTALLED: "installed packages, like node_modules",
    Reason.BUILT: "build folders",
    Reason.TEMPORARY: "temporary files",
    Reason.EXCLUDED: "what your patterns leave out",
    Reason.NOT_INCLUDED: "what no pattern takes",
    Reason.KIND: "kinds that cannot be read",
    Reason.LINK: "symbolic links, never followed",
    Reason.SPECIAL: "pipes, sockets and devices",
    Reason.UNREADABLE: "what Inglenook has no right to read",
    Reason.WRITTEN: "what is being written just now, and is read when it rests",
    Reason.NAME: "names that are too long or no text",
    Reason.TOO_DEEP: f"what stands more than {MAX_DEPTH} folders deep",
    Reason.TOO_MANY: f"what comes after {MAX_FILES:,} files",
    Reason.OWN_DATA: "Inglenook's own data",
}

DISK_SILENT = (
    "The disk that this folder is on does not answer: a network drive whose server is away, perhaps. "
    "What was read of it stays and still answers; it goes on when the disk does."
)


@dataclass(frozen=True, slots=True)
class LeftOutLine:
    """One reason, how many it holds for, and the first of them."""

    reason: str
    words: str
    count: int
    examples: Sequence[str]

    @property
    def more(self) -> int:
        return self.count - len(self.examples)


def lines_of(left_out: Iterable[tuple[Reason, Tally]], max_bytes: int) -> list[LeftOutLine]:
    lines = [LeftOutLine(str(reason), _words(reason, max_bytes), it.count, it.examples) for reason, it in left_out]
    return sorted(lines, key=lambda line: (-line.count, line.words))


def kept_lines(left_out: Iterable[dict[str, object]], max_bytes: int) -> list[LeftOutLine]:
    """The same from a folder's row."""
    tallies = [(Reason(str(each["reason"])), Tally(int(str(each["count"])), _texts(each))) for each in left_out]
    return lines_of(tallies, max_bytes)


def _words(reason: Reason, max_bytes: int) -> str:
    return f"files larger than {filesizeformat(max_bytes)}" if reason == Reason.TOO_LARGE else WORDS[reason]


def _texts(each: dict[str, object]) -> list[str]:
    examples = each["examples"]
    return [str(example) for example in examples] if isinstance(examples, list) else []
