"""Every search text is answered, and a stream's own words find the stream."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.clock import ManualClock
from emulator.world.discovery import search, searches, suggestions, words
from emulator.world.discovery.search import Filters
from emulator.world.live import tags
from emulator.world.rules import RulesConfig
from emulator.world.world import World
from tests.support.streams import live, make

# Syntax of full text search, between any characters.
SYNTAX = st.sampled_from(
    ['"', "*", "^", "(", ")", "NEAR", "AND", "OR", "NOT", "title:", "{", "}", "+", "-", "'", "\0"]
)
TYPED = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.lists(st.one_of(SYNTAX, st.text("abü é9", max_size=4)), max_size=12).map("".join),
    st.lists(SYNTAX, max_size=12).map(" ".join),
)


@pytest.fixture(scope="module")
def stocked() -> Iterator[World]:
    """A platform that is only searched; only its searches are stored."""
    world = World(
        clock=ManualClock(), publish=lambda _: None, rules=RulesConfig(streams_per_user=0)
    )
    live(world, 'NEAR "a" AND b* OR (c)', tags=["ü-é", "a", "NOT"], by="abba")
    make(world, "Über b9", description="title: a")
    make(world, "Secret a", visibility="private")
    yield world
    world.close()


@given(typed=TYPED)
def test_discovery_fuzz_search_takes_any_text_and_finds_public_streams_only(
    stocked: World, typed: str
) -> None:
    streams, total = search.streams(stocked, typed, Filters(), offset=0, count=10)

    assert len(streams) == total <= 2
    assert all(stream.visibility == "public" for stream in streams)
    assert words.expression(typed) or streams == [] or not typed.strip()


@given(typed=TYPED)
def test_discovery_fuzz_suggestions_take_any_text(stocked: World, typed: str) -> None:
    for count in (1, 10):
        names = suggestions.suggest(stocked, typed, count)
        assert len(names) <= count
        assert len({text.casefold() for text in names}) == len(names)
        assert "Secret a" not in names
        assert len(tags.suggest(stocked, typed, count)) <= count


@given(typed=TYPED)
def test_discovery_fuzz_recent_and_user_searches_take_any_text(stocked: World, typed: str) -> None:
    searches.note(stocked, typed)
    search.users(stocked, typed, 10)

    is_search = words.expression(typed) is not None
    assert (words.folded(typed) in searches.popular(stocked, 100_000)) == is_search


@given(title=st.text("abcü é9.-'\"*日本", min_size=1, max_size=40))
def test_discovery_fuzz_search_finds_stream_by_its_whole_title(title: str) -> None:
    world = World(clock=ManualClock(), publish=lambda _: None)
    stream = make(world, title)

    streams, _ = search.streams(world, title, Filters(), offset=0, count=10)

    assert streams == ([stream] if words.expression(title) or not title.strip() else [])
    world.close()
