from emulator.world.live import streams, tags
from emulator.world.live.streams import Wishes
from emulator.world.people.accounts import User
from emulator.world.world import World


def test_unknown_tags_are_made_and_counted_once_each(world: World, ada: User) -> None:
    stream = streams.create(world, ada, Wishes({"title": "x", "tags": ["Rust", " ai ", "RUST"]}))

    found = tags.of_stream(world, stream.row)

    assert [(tag.name, tag.slug, tag.usage_count) for tag in found] == [
        ("Rust", "rust", 1),
        ("ai", "ai", 1),
    ]


def test_tags_that_a_stream_loses_are_used_once_less(world: World, ada: User) -> None:
    stream = streams.create(world, ada, Wishes({"title": "x", "tags": ["rust", "ai"]}))

    streams.update(world, stream, Wishes({"tags": ["ai"]}))

    assert [tag.name for tag in tags.of_stream(world, stream.row)] == ["ai"]
    assert world.store.number("SELECT usage_count FROM tags WHERE name = 'rust'") == 0
    assert world.store.number("SELECT usage_count FROM tags WHERE name = 'ai'") == 1
