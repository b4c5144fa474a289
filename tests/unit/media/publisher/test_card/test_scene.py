"""The scene of a seeded channel: it loops without a seam, and no two channels look the same."""

from itertools import combinations

import pytest
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from emulator.media.publisher.test_card.picture import FrameMoment
from emulator.media.publisher.test_card.scene import LINE_MS, LINES, Look, Scene, wrap
from emulator.world.people import images
from tests.support.tables import table

SEEDED = ("urbantech", "quantumcoder", "nextjsmaster", "pythonista_dev", "rustacean", "aiarchitect")
LOOK = Look("Rustacean", "R", "Writing a tiny database that survives power cuts", 38)
ROUND_MS = LINES * LINE_MS


def look_of(username: str) -> Look:
    return Look(username, images.letter(username), "The same title", images.hue(username))


def drawn(look: Look, media_ms: int = 0, size: tuple[int, int] = (640, 360)) -> VideoFrame:
    return Scene(*size, look).draw(FrameMoment(media_ms * 30 // 1000, media_ms, 0, is_flash=False))


def planes(frame: VideoFrame) -> list[bytes]:
    return [bytes(plane) for plane in frame.planes]


@table("size", [(639, 360), (640, 361)])
def test_scene_odd_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="invalid size"):
        Scene(*size, LOOK)


def test_scene_seeded_channels_have_six_colours() -> None:
    assert len({images.hue(name) for name in SEEDED}) == len(SEEDED)
    pictures = {name: planes(drawn(look_of(name))) for name in SEEDED}
    for one, other in combinations(SEEDED, 2):
        colours = zip(pictures[one][1], pictures[other][1], strict=True)
        assert sum(a != b for a, b in colours) > len(pictures[one][1]) / 2


def test_scene_same_channel_gives_equal_pictures_and_loops() -> None:
    assert planes(drawn(LOOK)) == planes(drawn(LOOK)) == planes(drawn(LOOK, ROUND_MS))
    assert planes(drawn(LOOK)) != planes(drawn(LOOK, 1_000))


def test_scene_title_changes_the_picture() -> None:
    other = Look(LOOK.name, LOOK.letter, "Another title", LOOK.hue)

    assert planes(drawn(LOOK))[0] != planes(drawn(other))[0]


@given(
    st.integers(1, 24).map(lambda eighths: (eighths * 32, eighths * 18)),
    st.text(max_size=80),
    st.text(max_size=200),
    st.integers(0, 2 * ROUND_MS),
)
def test_scene_any_size_and_text_can_be_drawn(
    size: tuple[int, int], name: str, title: str, media_ms: int
) -> None:
    frame = drawn(Look(name, "X", title, 217), media_ms, size)

    assert (frame.width, frame.height) == size


@table(
    ("text", "lines"),
    [
        ("", [""]),
        ("SHORT", ["SHORT"]),
        ("TWO WHOLE LINES", ["TWO WHOLE", "LINES"]),
        ("AVERYLONGWORD", ["AVERYLON.."]),
        ("A TEXT THAT HAS MORE THAN TWO", ["A TEXT", "THAT HAS.."]),
    ],
)
def test_scene_title_is_wrapped_between_words(text: str, lines: list[str]) -> None:
    assert wrap(text, 10, 2) == lines
