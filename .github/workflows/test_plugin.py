"""A suite as an app has it, with the fixtures that the package brings."""

from typing import Any


def test_stream_goes_live_and_ends(
    live_stream: Any, live_publisher: Any, live_viewers: Any
) -> None:
    live_publisher.start()
    assert live_stream.status == "live"
    live_viewers.set(250)
    assert live_stream.now()["viewer_count"] == 250
    live_publisher.stop()
