"""FlvTap: the muxer's output becomes tags, wherever the muxer splits it."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.media.ingest.tag import Tag
from emulator.media.publisher.flv_tap import FlvTap
from tests.support.publisher import flv_file

TAGS = st.lists(
    st.builds(
        Tag,
        st.sampled_from(["audio", "video", "script"]),
        st.integers(0, 2**32 - 1),
        st.binary(max_size=40),
    ),
    max_size=6,
)


@given(TAGS, st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_flv_tap_tags_come_out_unchanged_for_any_cut(tags: list[Tag], sizes: list[int]) -> None:
    tap, received, rest = FlvTap(), [], flv_file(tags)
    for size in sizes:
        assert tap.write(rest[:size]) == len(rest[:size])
        rest = rest[size:]
        received += tap.take()
    tap.write(rest)
    assert received + tap.take() == tags
    assert tap.take() == []
