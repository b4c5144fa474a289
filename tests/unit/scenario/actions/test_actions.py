"""Actions for users, recordings and others, in a world without a server."""

from tests.support.scenario_run import play

HEAD = """
scenario: Others
world:
  users: [{name: ada, followers: 100}, {name: bob, follows: [ada]}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
"""


async def test_actions_burst_of_followers_arrives_in_its_time() -> None:
    played = await play(
        HEAD
        + """
  - publish.start: launch
  - {for: 20s, people.burst: {follows: ada, count: 200}}
  - {people.follow: {user: bob, follows: ada}, refused: conflict}
  - people.unfollow: {user: bob, follows: ada}
  - people.register: cleo
  - people.follow: {user: cleo, follows: ada}
expect:
  user.ada.followers: 301
  analytics.launch.new_followers: 201
  user.cleo.following: 1
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)
    assert played.steps[1].ended_ms == 20_000


async def test_actions_vod_of_any_length_is_created_at_once() -> None:
    played = await play(
        HEAD
        + """
  - vod.create: {vod: talk, owner: bob, title: An old talk, duration: 45m}
  - expect: {vod.talk.status: processing, vod.talk.title: An old talk}
  - vod.fail: {vod: talk, reason: The disk was full}
  - expect: {vod.talk.status: failed, vod.talk.failure: The disk was full}
  - {vod.fail: talk, refused: conflict}
  - vod.delete: talk
  - {vod.delete: talk, refused: not_found}
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)


async def test_actions_that_need_a_server_are_refused_without_one() -> None:
    played = await play(
        HEAD
        + """
  - {snapshot: before, refused: unavailable}
  - {http.request: {path: /api/v1/streams/live}, refused: unavailable}
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)


async def test_actions_schedules_categories_videos_and_time() -> None:
    played = await play(
        HEAD
        + """
  - category.create: {slug: woodwork, title: Woodwork}
  - schedule.create:
      {user: ada, day: friday, start: "20:00", end: "22:00", title: Fridays, category: woodwork}
  - video.create: {owner: ada, title: Behind the scenes}
  - stream.create: {stream: second, owner: bob, title: Encore, category: woodwork, tags: [fun]}
  - schedule.change: {user: ada, title: Fridays, day: monday, start: "19:30"}
  - schedule.remove: {user: ada, title: Fridays}
  - {schedule.remove: {user: ada, title: Fridays}, refused: not_found}
  - video.update: {owner: ada, video: Behind the scenes, title: In front of them}
  - {video.delete: {owner: ada, video: Behind the scenes}, refused: not_found}
  - video.delete: {owner: ada, video: In front of them}
  - publish.start: launch
  - clock.advance: 1h
  - clip.create: {stream: launch, by: bob, title: Wow, length: 20s}
  - {clip.delete: {by: ada, title: Wow}, refused: not_found}
  - clip.delete: {by: bob, title: Wow}
  - stream.update: {stream: second, title: Encore at last}
  - people.sign_out: bob
  - stream.end: second
  - stream.delete: second
expect:
  events.video.created: 1
  events.video.deleted: 1
  events.schedule.made: 1
  events.schedule.changed: 1
  events.schedule.removed: 1
  events.clip.deleted: 1
  events.stream.deleted: 1
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)
    assert played.runner.clock_ms == 3_600_000
