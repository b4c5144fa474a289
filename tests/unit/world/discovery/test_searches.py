from emulator.core.clock import ManualClock
from emulator.world.discovery import searches
from emulator.world.discovery.pending import DAY_MS, WRITE_DELAY_MS
from emulator.world.world import World


def search(world: World, *typed: str) -> None:
    for text in typed:
        searches.note(world, text)


def test_searches_are_counted_ignoring_case_and_spaces(world: World) -> None:
    search(world, "Rust", " rust ", "RUST", "python", "Ada  Lovelace", "ada lovelace")

    assert searches.popular(world, 10) == ["rust", "ada lovelace", "python"]
    assert searches.trending(world, 2) == ["rust", "ada lovelace"]


def test_searches_without_a_word_are_not_counted(world: World) -> None:
    search(world, "", "  ", "***", '"', "\0")

    assert searches.popular(world, 10) == searches.trending(world, 10) == []


def test_searches_with_equal_counts_are_alphabetical(world: World) -> None:
    search(world, "b", "c", "a")

    assert searches.popular(world, 10) == searches.trending(world, 10) == ["a", "b", "c"]


def test_searches_trending_forgets_after_a_day_and_popular_never(
    world: World, clock: ManualClock
) -> None:
    search(world, "old", "old")
    clock.advance(DAY_MS - 1)
    assert searches.trending(world, 10) == ["old"]

    clock.advance(1)
    search(world, "new")

    assert searches.trending(world, 10) == ["new"]
    assert searches.popular(world, 10) == ["old", "new"]
    assert world.store.number("SELECT count(*) FROM searches") == 1


def test_searches_invalidate_no_other_response(world: World) -> None:
    before = world.store.version

    search(world, "rust")

    assert world.store.version == before
    with world.change():
        search(world, "rust")
    assert world.store.version > before


def test_searches_flood_is_written_together_and_counted_whole(
    world: World, clock: ManualClock
) -> None:
    def written() -> int:
        return world.store.number("SELECT sum(count) FROM searches")

    search(world, *["rust"] * 50)
    assert written() == 1, "the first search was not stored at once"
    clock.advance(WRITE_DELAY_MS)
    search(world, "rust")
    assert written() == 51
    search(world, "rust")
    assert searches.popular(world, 1) == ["rust"]
    assert written() == world.store.number("SELECT sum(count) FROM search_terms") == 52
