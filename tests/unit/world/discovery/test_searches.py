from emulator.core.clock import ManualClock
from emulator.world.discovery import searches
from emulator.world.discovery.pending import DAY_MS, KEPT_MS
from emulator.world.world import World


def search(world: World, *typed: str) -> None:
    for text in typed:
        searches.note(world, text)


def test_searches_are_counted_without_regard_to_case_and_spaces(world: World) -> None:
    search(world, "Rust", " rust ", "RUST", "python", "Ada  Lovelace", "ada lovelace")

    assert searches.popular(world, 10) == ["rust", "ada lovelace", "python"]
    assert searches.trending(world, 2) == ["rust", "ada lovelace"]


def test_what_has_no_word_is_no_search(world: World) -> None:
    search(world, "", "  ", "***", '"', "\0")

    assert searches.popular(world, 10) == searches.trending(world, 10) == []


def test_of_equal_searches_the_first_by_its_letters_is_first(world: World) -> None:
    search(world, "b", "c", "a")

    assert searches.popular(world, 10) == searches.trending(world, 10) == ["a", "b", "c"]


def test_trending_forgets_after_a_day_and_popular_never(world: World, clock: ManualClock) -> None:
    search(world, "old", "old")
    clock.advance(DAY_MS - 1)
    assert searches.trending(world, 10) == ["old"]

    clock.advance(1)
    search(world, "new")

    assert searches.trending(world, 10) == ["new"]
    assert searches.popular(world, 10) == ["old", "new"]
    assert world.store.number("SELECT count(*) FROM searches") == 1


def test_a_search_makes_no_other_answer_stale(world: World) -> None:
    before = world.store.version

    search(world, "rust")

    assert world.store.version == before
    with world.change():
        search(world, "rust")
    assert world.store.version > before


def test_a_flood_is_written_together_and_counted_whole(world: World, clock: ManualClock) -> None:
    def written() -> int:
        return world.store.number("SELECT sum(count) FROM searches")

    search(world, *["rust"] * 50)
    assert written() == 1, "the first at once"
    clock.advance(KEPT_MS)
    search(world, "rust")
    assert written() == 51
    search(world, "rust")
    assert searches.popular(world, 1) == ["rust"]
    assert written() == world.store.number("SELECT sum(count) FROM search_terms") == 52
