"""Publishers on the virtual clock: the platform's rules apply as for real ones."""

from tests.support.scenario_run import play

HEAD = """
scenario: Publish
world:
  users: [{name: ada}, {name: bob}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
"""


async def test_publish_actions_publisher_returning_in_time_keeps_its_stream_live() -> None:
    played = await play(
        HEAD
        + """
  - publish.start: {stream: launch, size: 1280x720}
  - expect: {stream.launch.status: live, stream.launch.has_media: true}
  - at: 1m
    publish.drop: {stream: launch, back_after: 6s}
  - expect: {stream.launch.status: live, events.publisher.joined: 2}
  - at: 2m
    publish.stop: launch
  - expect: {stream.launch.status: ended}
    within: 30s
expect:
  stream.launch.duration: 2m
  vod.launch.status: processing
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)
    assert next(j for j in played.judged if j.within_ms).at_ms == 130_000


async def test_publish_actions_publisher_away_too_long_ends_its_stream() -> None:
    played = await play(
        HEAD
        + """
  - publish.start: launch
  - {publish.start: launch, refused: conflict}
  - at: 1m
    publish.drop: {stream: launch, back_after: 11s}
    refused: conflict
expect:
  stream.launch.status: ended
  stream.launch.duration: 1m
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)


async def test_publish_actions_encoder_returning_with_less_keeps_its_stream_live() -> None:
    played = await play(
        HEAD
        + """
  - publish.start: launch
  - {at: 10s, for: 20s, publish.degrade: {stream: launch, bitrate: 300k, fps: 10}}
  - expect: {stream.launch.status: live, events.publisher.joined: 3, events.publisher.left: 2}
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)
    assert played.steps[1].ended_ms == 30_000


async def test_publish_actions_zombie_is_live_without_video_at_first() -> None:
    played = await play(
        HEAD
        + """
  - stream.start: launch
  - expect: {stream.launch.status: live, stream.launch.has_media: false}
  - at: 5s
    publish.start: launch
expect:
  stream.launch.status: live
  stream.launch.has_media: true
  events.stream.went_live: 1
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)
