import pytest

from emulator.core.clock import ManualClock
from emulator.world.live import categories, lists, streams
from emulator.world.live.lists import StreamFilter
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.rules import RulesConfig
from emulator.world.world import World
from tests.support.streams import live, make, titles


def seen(world: World, viewer: User | None, **wanted: object) -> list[str]:
    listed, total = lists.page(world, viewer, StreamFilter(**wanted), offset=0, count=100)  # type: ignore[arg-type]
    assert total == len(listed)
    return titles(listed)


@pytest.fixture
def streamer(world: World, ada: User) -> User:
    """Ada has one stream of each kind, and somebody else a public live one."""
    world.rules = RulesConfig(streams_per_user=0)
    for visibility in ("public", "unlisted", "private"):
        make(world, f"{visibility} offline", by="ada", visibility=visibility)
        live(world, f"{visibility} live", by="ada", visibility=visibility)
    streams.end(world, live(world, "public ended", by="ada"))
    live(world, "other live")
    return ada


def test_stream_lists_private_stream_is_listed_for_its_owner_only(
    world: World, streamer: User, bob: User
) -> None:
    for other in (bob, None):
        assert seen(world, other, status="default") == ["other live", "public live"]
        assert seen(world, other, status="all") == [
            "other live",
            "public ended",
            "public live",
            "public offline",
        ]
        assert seen(world, other, status="ended", user_pk=streamer.pk) == ["public ended"]
    assert len(seen(world, streamer, status="default")) == 8
    assert seen(world, streamer, status="offline") == [
        "private offline",
        "unlisted offline",
        "public offline",
    ]


def test_stream_lists_pages_join_public_and_own_streams(world: World, streamer: User) -> None:
    whole = seen(world, streamer, status="default")
    for size in (1, 3, 8):
        pages = [
            lists.page(world, streamer, StreamFilter(status="default"), offset=offset, count=size)
            for offset in range(0, 9, size)
        ]
        assert [title for listed, _ in pages for title in titles(listed)] == whole
        assert {total for _, total in pages} == {8}


def test_stream_lists_filter_by_category_or_user(world: World, streamer: User) -> None:
    categories.make(world, "Rust", "rust")
    rust = categories.by_slug(world, "rust")
    live(world, "rust live", category_id=rust.id)
    make(world, "rust offline", category_id=rust.id)

    assert seen(world, None, category_pk=rust.pk) == ["rust offline", "rust live"]
    assert seen(world, None, category_pk=rust.pk, status="live") == ["rust live"]
    nobody = accounts.make(world, "nobody")
    assert seen(world, streamer, user_pk=nobody.pk) == []


def test_stream_lists_pages_follow_without_a_gap(world: World, clock: ManualClock) -> None:
    for number in range(7):
        make(world, str(number))
        clock.advance(number % 2)

    pages = [
        titles(lists.page(world, None, StreamFilter(), offset=at, count=3)[0])
        for at in (0, 3, 6, 9)
    ]

    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"], []]


def test_stream_lists_have_the_requested_order(world: World) -> None:
    created = [make(world, str(number)) for number in range(3)]

    rows = [created[2].pk, created[0].pk, created[1].pk]

    assert titles(lists.by_pks(world, rows)) == ["2", "0", "1"]
    assert lists.by_pks(world, []) == []


def test_stream_lists_of_a_user_are_newest_first(world: World, streamer: User) -> None:
    names = titles(streams.of_user(world, streamer))

    assert names[0] == "public ended"
    assert len(names) == 7
