"""No statement about the library scans a whole table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import emulator.world.library
from emulator.core.clock import ManualClock
from emulator.world.chat import messages
from emulator.world.library import (
    catalog,
    chapters,
    clips,
    contents,
    lists,
    posts,
    recordings,
    removal,
    renditions,
    thumbnails,
    transcripts,
    watching,
)
from emulator.world.library.chapters import Draft
from emulator.world.library.recordings import Quality
from emulator.world.live import renditions as live_renditions
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts, follows
from emulator.world.world import World
from tests.support.query_plans import WatchedStore, sites_in

OURS = list(Path(emulator.world.library.__file__).parent.glob("*.py"))
HD = Quality("720p", 1280, 720, 2_500_000)


@pytest.fixture(scope="module")
def store() -> Iterator[WatchedStore]:
    """A store that has run every statement of ours."""
    clock = ManualClock()
    world = World(clock=clock, publish=lambda _: None)
    world.store.close()
    world.store = watched = WatchedStore()
    ada = accounts.make(world, "ada", tenant_id="t")
    bob = accounts.make(world, "bob", tenant_id="t")
    follows.follow(world, bob, ada)
    stream = streams.create(world, ada, StreamPatch({"title": "x", "tags": ["rust"]}))
    streams.go_live(world, stream.id)
    clock.advance(600_000)
    messages.post(world, stream.id, bob, "look at `x`")
    ended = streams.end(world, streams.find(world, stream.id))
    tell(world, ended)
    make(world, ended)
    remove(world, ended)
    yield watched
    watched.close()


def tell(world: World, stream: streams.Stream) -> None:
    vod_id = stream.vod_id or ""
    ada, bob = (accounts.by_username(world, name) for name in ("ada", "bob"))
    recordings.unfinished(world)
    vod = recordings.find(world, vod_id)
    recordings.complete(world, vod, 600_000, (HD,))
    recordings.give_up(world, vod, "no")
    recordings.watch(world, vod)
    watching.note(world, vod, 2_000)
    watching.of(world, vod)
    vod = recordings.update(world, recordings.find(world, vod_id), {"visibility": "followers"})
    assert recordings.may_see(world, vod, bob)
    vod = recordings.update(world, vod, {"visibility": "public"})
    recordings.by_uid(world, vod.uid)
    recordings.by_media(world, vod.media_uid)
    recordings.by_upload(world, vod.media_uid)
    chapter = chapters.add(world, vod, Draft("a", None, 0, 1000))
    chapters.update(world, vod, chapter, {"title": "b"})
    chapters.replace_generated(world, vod, [Draft("c", None, 2000, 3000, 0.5)])
    chapters.remove(world, vod, chapter)
    for viewer in (None, ada):
        for stream_id in (None, stream.id):
            lists.page(world, viewer, stream_id=stream_id, status="ready", offset=0, count=20)
            lists.page(world, viewer, stream_id=stream_id, offset=0, count=20)
    lists.of_user(world, ada, offset=0, count=20)
    assert lists.search(world, "x", offset=0, count=20)[1] == 1
    transcripts.of(world, stream)
    contents.write_blog(world, stream)
    contents.write_snippets(world, stream)
    contents.write_chapters(world, stream)


def make(world: World, stream: streams.Stream) -> None:
    ada, bob = (accounts.by_username(world, name) for name in ("ada", "bob"))
    vod = recordings.find(world, stream.vod_id or "")
    thumbnails.add_instant(world, vod, 5, (2, 2))
    picture = thumbnails.add_file(world, vod, b"x", "image/png", (2, 2))
    thumbnails.content(world, picture.uid)
    thumbnails.latest(world, vod)
    renditions.request(world, vod, ["480p", "360p"])
    first, second = renditions.unfinished(world)
    renditions.start(world, first.uid)
    renditions.note_progress(world, first.uid, 50)
    renditions.finish(world, first.uid, (854, 480), 1)
    renditions.fail(world, second.uid, "no")
    renditions.ready(world, first.uid)
    live = live_renditions.begin(world, stream, "240p", 426, 240)
    renditions.adopt(world, vod, live.uid, 1)
    renditions.of(world, vod)
    renditions.of_media(world, vod.media_uid)
    posted, _ = posts.upload(world, ada, {"cloudflare_video_id": stream.uid, "title": "y"})
    posts.of(world, posted)
    posts.find_for(world, posted.id, bob)
    recordings.give_up(world, posted, "no")
    for user in (ada, bob):
        clip = clips.create(world, stream, user, "c", 0, 1000)
        clips.unfinished(world)
        clips.finish(world, clip.id, 1000)
        clips.by_uid(world, clip.uid)
        clips.watch(world, clips.find_for(world, clip.id, None))
    clips.fail(world, clips.create(world, stream, ada, "c", 0, 1000).id, "no")
    clips.simulate(world, stream, ada, "d", (0, 1000), 5)
    clips.of_stream(world, stream, offset=0, count=20)
    clips.of_user(world, ada, None, offset=0, count=20)
    clips.popular(world, 10)


def remove(world: World, stream: streams.Stream) -> None:
    ada = accounts.by_username(world, "ada")
    [clip, *_], _ = clips.of_stream(world, stream, offset=0, count=20)
    clips.delete(world, clip)
    clips.delete_of_user(world, ada)
    removal.delete_stream(world, stream, with_vods=True)
    recordings.delete_of_user(world, ada)


def test_library_queries_cover_every_statement(store: WatchedStore) -> None:
    assert sites_in(OURS, walking=[catalog.page, catalog.processing]) - store.sites == set()


def test_library_queries_walk_no_whole_table(store: WatchedStore) -> None:
    assert store.scans() == []
