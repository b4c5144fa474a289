"""Search: the results, their order, and what is never found (docs/reference/discovery.md)."""

from collections.abc import Callable

import pytest

from emulator.core.clock import ManualClock
from emulator.world.discovery import search
from emulator.world.discovery.search import Filters
from emulator.world.discovery.suggestions import suggest
from emulator.world.library import removal
from emulator.world.live import categories, streams
from emulator.world.people import accounts
from emulator.world.rules import RulesConfig
from emulator.world.world import World
from tests.support.streams import live, make, titles

HOUR_MS = 3_600_000


def found(world: World, typed: str, filters: Filters | None = None) -> list[str]:
    shown, total = search.streams(world, typed, filters or Filters(), offset=0, count=100)
    assert total == len(shown)
    return titles(shown)


def test_search_weighs_title_then_tag_then_name_then_description(
    world: World,
) -> None:
    make(world, "Compilers", description="A language like rust is made here.")
    make(world, "Compilers by him", by="rusty")
    make(world, "Borrow checker", tags=["rust"])
    make(world, "Rust from scratch")

    assert found(world, "rust") == [
        "Rust from scratch",
        "Borrow checker",
        "Compilers by him",
        "Compilers",
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "überholt",
        "UBERHOLT",
        "uber",
        "vite",
        "überholt vite",
        "ci/cd",
        "ci-cd",
        "ci",
        "ada",
        "lovel",
    ],
)
def test_search_term_matches_prefix_of_any_case_and_accents(world: World, typed: str) -> None:
    stream = make(world, "Überholt, vïte!", by="ada", tags=["CI-CD"])
    make(world, "Something else")
    rename(world, "ada", "Ada Lovelace")

    assert found(world, typed) == [stream.title]


@pytest.mark.parametrize("typed", ["holt", "vite rust", "NEAR(vite)x", "title:vite", "cicd"])
def test_search_every_term_must_match(world: World, typed: str) -> None:
    make(world, "Überholt, vite", tags=["ci-cd"])

    assert found(world, typed) == []


def test_search_orders_equal_streams_oldest_first_on_every_page(world: World) -> None:
    for number in range(5):
        make(world, f"Same {number}")

    pages = [search.streams(world, "same", Filters(), offset=at, count=2) for at in (0, 2, 4)]

    assert [titles(page) for page, _ in pages] == [
        ["Same 0", "Same 1"],
        ["Same 2", "Same 3"],
        ["Same 4"],
    ]
    assert {total for _, total in pages} == {5}


def test_search_common_word_finds_the_newest_with_it_in_the_title_first(
    open_world: Callable[..., World],
) -> None:
    world = open_world(
        clock=ManualClock(), publish=lambda _: None, rules=RulesConfig(search_matches_max=3)
    )
    for number in range(3):
        make(world, f"Evening {number}")
    # As many as are ranked: the oldest of equal ones is first.
    assert found(world, "evening") == ["Evening 0", "Evening 1", "Evening 2"]

    make(world, "Talk", description="An evening.")
    make(world, "Evenings")
    pages = [search.streams(world, "evening", Filters(), offset=at, count=2) for at in (0, 2, 4)]

    assert [titles(page) for page, _ in pages] == [["Evening 2", "Evening 1"], ["Talk"], []]
    assert {total for _, total in pages} == {3}
    # Fewer have the requested status.
    live(world, "Evening 5")
    assert found(world, "evening", Filters(status="live")) == ["Evening 5"]
    live(world, "Late", description="An evening.")
    live(world, "Noon")
    assert found(world, "evening", Filters(status="live")) == ["Evening 5", "Late"]
    assert found(world, "evening even", Filters(status="live")) == ["Evening 5", "Late"]
    assert suggest(world, "evening", 9) == ["Evening 5", "Evening 2", "Evening 1"]
    assert suggest(world, "even", 9) == ["Evening 5", "Evenings", "Evening 2"]


def test_search_common_beginning_finds_whole_words_then_the_newest(
    open_world: Callable[..., World],
) -> None:
    world = open_world(
        clock=ManualClock(), publish=lambda _: None, rules=RulesConfig(search_matches_max=3)
    )
    make(world, "Even")
    live(world, "Talk", description="An evening.")
    for number in range(3):
        make(world, f"Evening {number}")

    for typed in ("even", "EVEN", "ev"):
        ended = ["Evening 2", "Evening 1", "Evening 0"]
        assert found(world, typed) == (["Even", *ended[:2]] if typed != "ev" else ended)
        assert found(world, typed, Filters(status="live")) == ["Talk"]
    # Fewer than can be ranked have both.
    assert found(world, "even 2") == ["Evening 2"]
    assert found(world, "even", Filters(status="ended")) == []


def test_search_empty_text_finds_all_and_text_without_words_nothing(world: World) -> None:
    make(world, "First")
    make(world, "Second")

    assert found(world, "") == found(world, "  ") == ["Second", "First"]
    assert found(world, "?!") == found(world, "\0") == []


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
def test_search_never_finds_private_streams(world: World, visibility: str) -> None:
    stream = make(world, "Secret plans", visibility=visibility)
    assert found(world, "secret") == found(world, "") == []

    streams.update(world, stream, streams.StreamPatch({"visibility": "public"}))
    assert found(world, "secret") == ["Secret plans"]


def test_search_filters_by_state_and_category(world: World) -> None:
    categories.make(world, "Rust", "rust")
    rust = categories.by_slug(world, "rust")
    live(world, "Live one", category_id=rust.id)
    make(world, "Waiting one", category_id=rust.id)
    streams.end(world, live(world, "Ended one"))

    assert found(world, "one", Filters(status="live")) == ["Live one"]
    assert found(world, "one", Filters(status="offline")) == ["Waiting one"]
    assert found(world, "one", Filters(status="ended")) == ["Ended one"]
    assert found(world, "one", Filters(category_pk=rust.pk)) == ["Live one", "Waiting one"]
    assert found(world, "", Filters(category_pk=rust.pk, status="live")) == ["Live one"]


def test_search_filters_by_start_and_creation_dates(world: World, clock: ManualClock) -> None:
    start_ms = clock.now_ms()
    late = make(world, "Made early but began late")
    make(world, "Made early")
    clock.advance(2 * HOUR_MS)
    streams.start(world, late)

    until = Filters(began_to_ms=start_ms + HOUR_MS)
    since = Filters(began_from_ms=start_ms + HOUR_MS)
    assert found(world, "made", until) == found(world, "", until) == ["Made early"]
    assert found(world, "made", since) == ["Made early but began late"]
    exactly = Filters(began_from_ms=start_ms, began_to_ms=start_ms)
    assert found(world, "made", exactly) == ["Made early"]
    # Together with the other filters,
    early = Filters(status="offline", began_from_ms=start_ms, began_to_ms=start_ms + HOUR_MS)
    assert found(world, "made", early) == found(world, "", early) == ["Made early"]
    assert found(world, "", Filters(status="live", began_to_ms=start_ms + HOUR_MS)) == []


def test_search_by_dates_is_the_same_where_more_streams_match_than_are_ranked(
    open_world: Callable[..., World],
) -> None:
    clock = ManualClock()
    world = open_world(clock=clock, publish=lambda _: None, rules=RulesConfig(search_matches_max=3))
    start_ms = clock.now_ms()
    for number in range(6):
        make(world, f"Evening {number}")
        clock.advance(HOUR_MS)
    make(world, "Secret evening", visibility="private")

    for first, last in ((1, 2), (0, 4), (5, 5), (2, 5)):
        filters = Filters(
            began_from_ms=start_ms + first * HOUR_MS, began_to_ms=start_ms + last * HOUR_MS
        )
        newest_first = [f"Evening {number}" for number in range(last, first - 1, -1)]
        assert found(world, "", filters) == newest_first
        assert found(world, "evening", filters) == newest_first[:3]
        assert found(world, "even", filters) == newest_first[:3]


def test_search_follows_every_change(world: World) -> None:
    stream = make(world, "First title", by="ada", tags=["python"], description="Alpha")

    streams.update(
        world, stream, streams.StreamPatch({"title": "Second name", "description": "Beta"})
    )
    assert found(world, "first") == found(world, "alpha") == []
    assert found(world, "second beta") == ["Second name"]

    streams.update(world, stream, streams.StreamPatch({"tags": ["rust", "wasm"]}))
    assert found(world, "python") == []
    assert found(world, "wasm") == ["Second name"]
    streams.update(world, stream, streams.StreamPatch({"tags": None}))
    assert found(world, "wasm") == []

    rename(world, "ada", "Countess")
    assert found(world, "countess") == ["Second name"]
    rename(world, "ada", None)
    assert found(world, "countess") == []
    assert found(world, "ada") == ["Second name"]

    removal.delete_stream(world, streams.find(world, stream.id))
    assert found(world, "second") == []


def test_search_forgets_streams_and_names_of_a_deleted_user(world: World) -> None:
    stream = make(world, "Gone", by="ada", tags=["rust"])

    with world.change():
        world.store.write("DELETE FROM users WHERE row = ?", stream.user_pk)

    assert found(world, "gone") == found(world, "rust") == found(world, "") == []
    assert search.users(world, "ada", 10) == []
    assert world.store.number("SELECT usage_count FROM tags WHERE name = 'rust'") == 0


def test_search_finds_users_by_both_names_exact_match_first(world: World) -> None:
    for name in ("annabel", "ann", "joanne", "joe"):
        accounts.by_api_key(world, f"ak_auto_{name}")
    rename(world, "joe", "Ann Other")

    def names(typed: str, count: int = 10) -> list[str]:
        return [user.username for user in search.users(world, typed, count)]

    assert names("ann") == ["ann", "annabel", "joe"]
    assert names("ANN") == ["ann", "annabel", "joe"]
    assert names("other a") == ["joe"]
    assert names("ann", 1) == ["ann"]
    assert names("") == names('"') == names("nobody") == []


def rename(world: World, username: str, display_name: str | None) -> None:
    with world.change():
        world.store.write(
            "UPDATE users SET display_name = ? WHERE username = ?", display_name, username
        )
