"""Detected chapters: by hints and chat, else evenly; never overlapping or too short."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.world.library import dividing
from emulator.world.library.dividing import ChapterOptions, Hint
from emulator.world.library.transcripts import Line

MINUTE = 60_000
OPTIONS = ChapterOptions(length_min_ms=MINUTE, count_max=10, is_chat_used=True)


def lines(*at_ms: int, text: str = "x") -> list[Line]:
    return [Line(text, start_ms, start_ms + 1, "ada") for start_ms in at_ms]


def test_chapter_detection_uses_hints_strongest_first() -> None:
    hints = [Hint(5 * MINUTE, 0.5, "b"), Hint(2 * MINUTE, 0.9, "a"), Hint(9 * MINUTE, 0.4, "c")]

    drafts = dividing.divided(0, 10 * MINUTE, hints, [], OPTIONS)

    assert [draft.from_ms for draft in drafts] == [0, 2 * MINUTE, 5 * MINUTE, 9 * MINUTE]
    assert [draft.confidence for draft in drafts] == [0.5, 0.9, 0.5, 0.4]
    assert drafts[1].description == ("Found by the emulator's stand-in for the platform's AI: a.")
    two = dividing.divided(0, 10 * MINUTE, hints, [], OPTIONS._replace(count_max=2))
    assert [draft.from_ms for draft in two] == [0, 2 * MINUTE]


def test_chapter_detection_drops_hint_too_near_a_stronger_one() -> None:
    hints = [Hint(2 * MINUTE, 0.9, "a"), Hint(2 * MINUTE + 1, 0.8, "b"), Hint(MINUTE - 1, 1, "c")]

    drafts = dividing.divided(0, 10 * MINUTE, hints, [], OPTIONS)

    assert [draft.from_ms for draft in drafts] == [0, 2 * MINUTE]


def test_chapter_detection_without_hints_divides_evenly() -> None:
    drafts = dividing.divided(0, 8 * MINUTE, [], [], OPTIONS)

    assert [draft.from_ms for draft in drafts] == [0, 2 * MINUTE, 4 * MINUTE, 6 * MINUTE]
    assert [draft.title for draft in drafts] == ["Part 1", "Part 2", "Part 3", "Part 4"]
    [whole] = dividing.divided(0, 1_000, [], [], OPTIONS)
    assert (whole.from_ms, whole.to_ms) == (0, 1_000)


def test_chapter_detection_hints_at_chat_above_its_surroundings() -> None:
    said = lines(0, *range(300_000, 310_000, 1_000), 400_000, 500_000)

    [hint] = dividing.busy(said, 600_000)

    assert hint == Hint(300_000, 0.9, "chat is busy here")
    assert dividing.busy([], 600_000) == []
    assert dividing.busy(lines(1, 2), 600_000) == []


def test_chapter_detection_titles_chapter_by_its_longest_message() -> None:
    said = [*lines(1_000, text="short"), *lines(2_000, text="a  longer\nline"), *lines(70_000)]

    [draft] = dividing.divided(0, MINUTE, [], said, OPTIONS)

    assert draft.title == "Part 1: “a longer line”"
    [cut] = dividing.divided(0, MINUTE, [], lines(1, text="y" * 99), OPTIONS)
    assert cut.title == f"Part 1: “{'y' * 60}…”"


@given(
    st.integers(0, 10_000_000),
    st.integers(0, 10_000_000),
    st.lists(st.tuples(st.integers(-5, 10_000_005), st.floats(0, 1)), max_size=30),
    st.integers(1_000, 3_600_000),
    st.integers(1, 20),
)
def test_chapter_detection_fills_the_video_for_any_hints(
    begins: int, ends: int, spans: list[tuple[int, float]], length_min_ms: int, count_max: int
) -> None:
    hints = [Hint(*hint, "x") for hint in spans]

    drafts = dividing.divided(
        begins, ends, hints, [], ChapterOptions(length_min_ms, count_max, False)
    )

    if begins >= ends:
        assert drafts == []
        return
    assert (drafts[0].from_ms, drafts[-1].to_ms) == (begins, ends)
    assert [draft.from_ms for draft in drafts[1:]] == [draft.to_ms for draft in drafts[:-1]]
    assert len(drafts) <= count_max
    assert len(drafts) == 1 or all(draft.to_ms - draft.from_ms >= length_min_ms for draft in drafts)
