from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.prefix_cache import NoRoom, Placement, PrefixCache


def hold(cache: PrefixCache, tokens: list[int]) -> int:
    """Read a prompt to its end and leave it idle."""
    place = cache.place(tokens)
    cache.extend(place.sequence, tokens[place.cached :])
    cache.release(place.sequence)
    return place.sequence


def evict(cache: PrefixCache) -> int | None:
    oldest = cache.find_oldest()
    if oldest is not None:
        cache.truncate(oldest, 0)
    return oldest


LONG = list(range(100, 200))


def test_a_first_prompt_finds_nothing() -> None:
    assert PrefixCache(2, 100).place([1, 2, 3]) == Placement(sequence=0, cached=0)


def test_the_last_token_is_always_read() -> None:
    cache = PrefixCache(2, 100)
    hold(cache, [1, 2, 3])
    assert cache.place([1, 2, 3]).cached == 2


def test_a_conversation_that_goes_on_keeps_its_sequence() -> None:
    cache = PrefixCache(4, 1000)
    first = hold(cache, LONG)
    assert cache.place([*LONG, 1, 2, 3]) == Placement(first, cached=100)


def test_another_conversation_copies_what_is_common() -> None:
    cache = PrefixCache(4, 1000)
    first = hold(cache, LONG)
    place = cache.place([*LONG[:40], 7, 8, 9])
    assert (place.cached, place.copy_from) == (40, first)
    assert place.sequence != first
    assert cache.length(first) == 100


def test_a_busy_sequence_lends_its_prefix() -> None:
    cache = PrefixCache(4, 1000)
    busy = cache.place(LONG)
    cache.extend(busy.sequence, LONG)
    place = cache.place([*LONG, 5])
    assert (place.cached, place.copy_from) == (100, busy.sequence)


def test_shared_cells_are_counted_once() -> None:
    cache = PrefixCache(4, 1000)
    hold(cache, LONG)
    place = cache.place([*LONG[:40], 7, 8])
    assert cache.free_cells == 900
    cache.extend(place.sequence, [7, 8])
    assert cache.free_cells == 898
    assert cache.room() == 1000 - 42


def test_cells_are_free_when_the_last_sharer_is_gone() -> None:
    cache = PrefixCache(4, 1000)
    first = hold(cache, LONG)
    place = cache.place([*LONG[:40], 7])
    cache.truncate(first, 0)
    assert cache.free_cells == 960
    cache.truncate(place.sequence, 0)
    assert cache.free_cells == 1000


def test_the_prefix_idle_for_longest_goes_first() -> None:
    cache = PrefixCache(3, 100)
    a, b, c = (hold(cache, [n, n, n]) for n in (1, 2, 3))
    cache.place([1, 1, 1, 5])
    cache.release(a)
    assert [evict(cache), evict(cache), evict(cache), evict(cache)] == [b, c, a, None]


def test_a_busy_sequence_does_not_count_as_idle() -> None:
    cache = PrefixCache(2, 100)
    place = cache.place([1, 2])
    cache.extend(place.sequence, [1, 2])
    assert cache.find_oldest() is None
    assert cache.idle_cells() == 0


def test_an_idle_prefix_is_preferred_to_a_busy_one() -> None:
    cache = PrefixCache(3, 1000)
    busy = cache.place(LONG)
    cache.extend(busy.sequence, LONG)
    idle = hold(cache, [*LONG, 5])
    assert cache.longest_prefix([*LONG, 7])[0] == idle


def test_it_tells_what_a_sequence_holds() -> None:
    cache = PrefixCache(2, 100)
    assert cache.tokens(hold(cache, [1, 2, 3])).tolist() == [1, 2, 3]
    assert cache.idle_cells() == 3
    assert cache.find_empty() == 1


def test_it_has_no_place_when_no_sequence_is_empty() -> None:
    cache = PrefixCache(1, 100)
    hold(cache, [1, 2])
    with pytest.raises(NoRoom):
        cache.place([3, 4])


def test_it_gives_out_no_more_cells_than_there_are() -> None:
    cache = PrefixCache(1, 4)
    place = cache.place(list(range(9)))
    with pytest.raises(NoRoom):
        cache.extend(place.sequence, list(range(9)))
    assert cache.free_cells == 4


@given(st.lists(st.tuples(st.lists(st.integers(0, 2), min_size=1, max_size=12), st.booleans(), st.booleans())))
def test_the_books_always_balance(prompts: list[tuple[list[int], bool, bool]]) -> None:
    cache = PrefixCache(3, 64)
    held: dict[int, list[int]] = {}
    for tokens, ends_idle, evicts in prompts:
        if cache.find_empty() is None:
            held.pop(evict(cache) or 0)
        place = cache.place(tokens)
        source = held.get(place.sequence if place.copy_from is None else place.copy_from, [])
        assert source[: place.cached] == tokens[: place.cached]
        while cache.free_cells < len(tokens) - place.cached:
            gone = evict(cache)
            assert gone is not None and gone != place.sequence
            held.pop(gone)
        cache.extend(place.sequence, tokens[place.cached :])
        held[place.sequence] = tokens
        if not ends_idle:
            cache.truncate(place.sequence, len(tokens) // 2)
            held[place.sequence] = tokens[: len(tokens) // 2]
        cache.release(place.sequence)
        if evicts and (gone := evict(cache)) is not None:
            held.pop(gone, None)
        assert cache.room() == 64
        assert cache.free_cells <= 64
        assert [cache.length(n) for n in range(3)] == [len(held.get(n, [])) for n in range(3)]
    while evict(cache) is not None:
        pass
    assert cache.free_cells == 64
