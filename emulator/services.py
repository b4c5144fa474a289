"""Services: the list of services that each world has. A new one is a file and a line here.

They are started and recovered in this order, get each event in this order, and stop in reverse. So
a service that others still publish events to while they stop stands above them.
"""

import asyncio

from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.hls.cleanup import MediaCleanup
from emulator.media.recording.clips.queue import ClipQueue
from emulator.media.recording.clips.sources import Sources
from emulator.media.recording.jobs import JobContext
from emulator.media.recording.recorder import Recorder
from emulator.media.recording.uploads.queue import UploadQueue
from emulator.media.simulcast.feed import Feed
from emulator.media.simulcast.simulcasts import Simulcasts
from emulator.media.webrtc.sessions.sessions import SessionEnds
from emulator.platform.clock_jumps import ClockJumps
from emulator.platform.platform import Platform, ServiceFactory
from emulator.settings import Settings
from emulator.web.chat.chats import Chats
from emulator.webhooks.webhooks import Webhooks


def of_each_world(settings: Settings, tasks: asyncio.TaskGroup) -> list[ServiceFactory]:
    """A factory of each service, in order. The services start their tasks in `tasks`."""

    def simulcasts(platform: Platform) -> Simulcasts:
        def feed_of(stream_id: str) -> Feed | None:
            return platform.service(Broadcasts).feed_of(stream_id)

        return Simulcasts(platform.world, feed_of, tasks, settings.simulcasts)

    def broadcasts(platform: Platform) -> Broadcasts:
        shared = platform.shared
        when_media = (platform.service(Simulcasts).start_targets, shared.foresee_peers)
        return Broadcasts(platform.world, shared.media_store, settings.broadcasts, when_media)

    def recorder(platform: Platform) -> Recorder:
        is_awaited = platform.service(Broadcasts).is_awaited
        return Recorder(
            platform.world, platform.media_store, platform.recordings, tasks, is_awaited
        )

    def jobs(platform: Platform) -> JobContext:
        return JobContext(
            platform.world,
            platform.media_store,
            platform.recordings,
            tasks,
            platform.shared.job_slots,
            platform.is_in_a_snapshot,
        )

    def clips(platform: Platform) -> ClipQueue:
        shared = platform.shared
        return ClipQueue(jobs(platform), Sources(platform.world, shared.media_store, shared.loops))

    def cleanup(platform: Platform) -> MediaCleanup:
        return MediaCleanup(platform.media_store, tasks, platform.shared.is_media_needed)

    return [
        lambda at: Webhooks(at.world, lambda: at.addresses, tasks, settings.webhooks),
        simulcasts,
        broadcasts,
        recorder,
        lambda at: Chats(at.world, settings.chat, settings.sockets.frame_bytes_max),
        lambda at: UploadQueue(jobs(at)),
        clips,
        lambda at: SessionEnds(at.world.name, at.shared.video_sessions),
        cleanup,
        lambda at: ClockJumps(at.world, at.clock, tasks),
    ]
