"""Audiences in a scenario: they follow their curves, and the owner's figures follow them."""

from tests.support.scenario_run import play

HEAD = """
scenario: Viewers
world:
  users: [{name: ada}, {name: bob}]
  streams:
    - {name: launch, owner: ada, title: Launch night}
    - {name: other, owner: bob, title: Another}
timeline:
  - publish.start: launch
  - publish.start: other
"""


async def test_viewer_actions_ramp_ends_at_its_target_and_the_step_with_it() -> None:
    played = await play(
        HEAD
        + """
  - name: surge
    for: 3m
    viewers.ramp:
      {stream: launch, from: 20, to: 5000, curve: surge, stay: "lognormal(8m, 1.0)",
       countries: {US: 40%, DE: 20%, IN: 40%}}
  - expect: {stream.launch.viewers: {between: [4990, 5000]}}
  - {for: 2m, viewers.spike: {stream: launch, count: 1000}}
expect:
  analytics.launch.peak_concurrent_viewers: {between: [5000, 6000]}
  analytics.launch.unique_viewers: {above: 5000}
  analytics.launch.watch_time: {above: 100h}
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)
    assert played.steps[2].ended_ms == 180_000


async def test_viewer_actions_raid_moves_viewers_from_one_stream_to_the_other() -> None:
    played = await play(
        HEAD
        + """
  - viewers.set: {stream: launch, count: 300}
  - {for: 1m, viewers.churn: {stream: launch, per_minute: 20%}}
  - {for: 30s, viewers.raid: {from: launch, to: other}}
  - {viewers.add: {stream: other, count: 10}}
expect:
  stream.launch.viewers: 0
  stream.other.viewers: 310
  analytics.launch.unique_viewers: {above: 350}
  events.stream.raided: 1
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)
