from emulator.world.library import removal
from emulator.world.live import streams, tags
from emulator.world.live.streams import StreamPatch
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.support.streams import make


def test_tags_unknown_are_created_and_counted_once_each(world: World, ada: User) -> None:
    stream = streams.create(
        world, ada, StreamPatch({"title": "x", "tags": ["Rust", " ai ", "RUST"]})
    )

    listed = tags.of_stream(world, stream.pk)

    assert [(tag.name, tag.slug, tag.usage_count) for tag in listed] == [
        ("Rust", "rust", 1),
        ("ai", "ai", 1),
    ]


def test_tags_removed_from_a_stream_count_once_less(world: World, ada: User) -> None:
    stream = streams.create(world, ada, StreamPatch({"title": "x", "tags": ["rust", "ai"]}))

    streams.update(world, stream, StreamPatch({"tags": ["ai"]}))

    assert [tag.name for tag in tags.of_stream(world, stream.pk)] == ["ai"]
    assert world.store.number("SELECT usage_count FROM tags WHERE name = 'rust'") == 0
    assert world.store.number("SELECT usage_count FROM tags WHERE name = 'ai'") == 1


def test_tags_of_a_deleted_stream_count_once_less(world: World, ada: User) -> None:
    stream = streams.create(world, ada, StreamPatch({"title": "x", "tags": ["rust", "ai"]}))

    removal.delete_stream(world, stream)

    assert [(tag.name, tag.usage_count) for tag in tags.every(world)] == [("ai", 0), ("rust", 0)]


def test_tags_are_ordered_by_use_then_by_name(world: World) -> None:
    for names in (["b"], ["b", "c"], ["a", "c"], ["d"]):
        make(world, "x", tags=names)

    assert [tag.name for tag in tags.popular(world, 3)] == ["b", "c", "a"]
    assert [tag.name for tag in tags.every(world)] == ["a", "b", "c", "d"]


def test_tags_suggestions_match_prefix_most_used_first(world: World) -> None:
    tags.make(world, "rustc")
    tags.make(world, "learn-rust")
    make(world, "x", tags=["rusty", "trust"])

    assert tags.suggest(world, "Rus", 10) == ["rusty", "learn-rust", "rustc"]
    assert tags.suggest(world, "rus", 1) == ["rusty"]
    assert tags.suggest(world, "", 10) == tags.suggest(world, "*", 10) == []


def test_tags_of_many_streams_are_kept_separate(world: World) -> None:
    one, two, none = (
        make(world, "1", tags=["b", "a"]),
        make(world, "2", tags=["b"]),
        make(world, "3"),
    )

    values = tags.of_streams(world, [one.pk, two.pk, none.pk])

    assert {row: [tag.name for tag in names_of] for row, names_of in values.items()} == {
        one.pk: ["b", "a"],
        two.pk: ["b"],
        none.pk: [],
    }
