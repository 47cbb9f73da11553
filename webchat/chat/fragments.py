"""The pieces of HTML that a socket sends. Each names the element that it replaces or that it is added to."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.template.loader import render_to_string

from webchat.chat import records, thread
from webchat.chat.broadcast import Progress
from webchat.chat.markdown import Stream
from webchat.chat.models import Conversation, Message, State
from webchat.chat.sidebar import dated_groups

Version = tuple[int, str]  # the last message on the page, and its state


def version_of(rows: list[Message]) -> Version:
    return (rows[-1].pk, rows[-1].state) if rows else (0, "")


def parse_version(text: str) -> Version:
    """What the page says it shows, `42.running`; nonsense counts as an empty page."""
    number, _, state = text.partition(".")
    return (int(number), state) if number.isascii() and number.isdigit() and len(number) < 19 else (0, "")


def catching_up(conversation: Conversation, page: Version, live_text: str) -> tuple[str, Version]:
    """What a page that shows `page` lacks: nothing, the newest messages, or everything."""
    rows = list(thread.rows_of(conversation.pk))
    version = version_of(rows)
    if version == page:
        return "", version
    kept = [row for row in rows if row.pk <= page[0]]
    is_prefix = version_of(kept) == page
    messages = thread.shown(rows, live_text=live_text)
    context = {
        "conversation": conversation,
        "thread": messages[len(kept) :] if is_prefix else messages,
        "is_addition": is_prefix and bool(kept),
        "is_running": version[1] == State.RUNNING,
        "conversation_groups": dated_groups(conversation.owner),
    }
    return render_to_string("chat/_thread_update.html", context), version


def ending(conversation: Conversation, answer_id: int) -> tuple[str, Version]:
    """The finished answer in place of the live one, and the Send button in place of Stop."""
    rows = list(thread.rows_of(conversation.pk).filter(pk=answer_id))
    context = {"conversation": conversation, "thread": thread.shown(rows), "is_swap": True}
    return render_to_string("chat/_answer_end.html", context), version_of(rows)


def receipt(nonce: str) -> str:
    """Tells the composer that its text was taken and may be cleared."""
    return render_to_string("chat/_composer_receipt.html", {"nonce": nonce})


def refusal(sentence: str) -> str:
    return render_to_string("chat/_composer_notice.html", {"notice": sentence, "is_swap": True})


class LiveAnswer:
    """One page's view of a growing answer: turns what was added into the fragments that show it."""

    def __init__(self, answer_id: int) -> None:
        self.answer_id = answer_id
        self._stream = Stream()
        self._citations: dict[int, str] = {}
        self._shows_sources = False
        self._is_first = True

    async def fragment(self, progress: Progress) -> str:
        sources = await self._new_sources() if progress.has_sources and not self._shows_sources else ""
        blocks = self._stream.feed(progress.text, self._citations)
        context = {
            "pk": self.answer_id,
            "status": progress.status,  # a request that has to step back in mid-answer waits as well
            "spoken": progress.status.partition("…")[0],  # a figure that changes twice a second is not read out
            "blocks": blocks,
            "tail": self._stream.open_html(self._citations),
            "is_first": self._is_first,  # the page may hold an older state of the text
        }
        self._is_first = False
        return sources + render_to_string("chat/_live_text.html", context)

    async def _new_sources(self) -> str:
        self._shows_sources = True
        self._citations = await sync_to_async(records.addresses)(self.answer_id)
        return await sync_to_async(self._sources_html)()

    def _sources_html(self) -> str:
        row = Message.objects.prefetch_related("citations").get(pk=self.answer_id)
        [message] = thread.shown([row])
        return render_to_string("chat/_sources.html", {"message": message, "is_swap": True})
