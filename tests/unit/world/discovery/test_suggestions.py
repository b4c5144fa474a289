import pytest

from emulator.world.discovery.suggestions import suggest
from emulator.world.live import streams, tags
from emulator.world.people import accounts
from emulator.world.world import World
from tests.support.streams import live, make


def test_suggestions_alternate_titles_tags_and_users_each_in_its_order(world: World) -> None:
    live(world, "Rust live", tags=["rusty", "rust"])
    make(world, "Rust older")
    make(world, "Rust newer", tags=["rust"])
    for name in ("rustacean", "rustbelt"):
        accounts.by_api_key(world, f"ak_auto_{name}")

    assert suggest(world, "rus", 10) == [
        "Rust live",
        "rust",
        "rustacean",
        "Rust newer",
        "rusty",
        "rustbelt",
        "Rust older",
    ]
    assert suggest(world, "rus", 2) == ["Rust live", "rust"]


def test_suggestions_match_any_word_prefix_without_duplicates(world: World) -> None:
    make(world, "RUST", tags=["rust"])
    make(world, "Learn Rust")
    tags.make(world, "systems-programming")

    assert suggest(world, "rust", 10) == ["Learn Rust", "rust"]
    assert suggest(world, "prog", 10) == ["systems-programming"]


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
def test_suggestions_leave_out_private_titles(world: World, visibility: str) -> None:
    stream = make(world, "Secret plans", visibility=visibility)
    assert suggest(world, "sec", 10) == []

    streams.update(world, stream, streams.StreamPatch({"visibility": "public"}))
    assert suggest(world, "sec", 10) == ["Secret plans"]
    # Descriptions are searched, but are not suggested.
    streams.update(world, stream, streams.StreamPatch({"title": "Plans", "description": "secret"}))
    assert suggest(world, "sec", 10) == []


@pytest.mark.parametrize("typed", ["", " ", "*", '"', "NEAR(", "zzz"])
def test_suggestions_are_empty_without_text(world: World, typed: str) -> None:
    make(world, "Rust", tags=["rust"])

    assert suggest(world, typed, 10) == []
