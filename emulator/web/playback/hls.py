"""Playback: the CDN's addresses (contract, "Media addresses"), at the root and under its name.

`{uid}` is a stream's, a VOD's or a video's; a VOD is its stream's recording with an address of its
own.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.core.errors import Code, Refused
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.hls.segments import FileRange, not_missing, read
from emulator.media.hls.stream import HlsStream, Kind, Rendered
from emulator.media.recording.recordings import MP4_NAME
from emulator.media.recording.uploads.upload import CONTAINERS
from emulator.platform.platform import Platform
from emulator.platform.worlds import Worlds
from emulator.shapes.addresses import CDN_NAME
from emulator.web.errors import Invalid, JSONResponse, error_detail
from emulator.web.http.representation import Representation, digest, open_file, respond
from emulator.web.http.world_choice import of_media
from emulator.web.playback import variants
from emulator.web.playback.audience import (
    country_of,
    device_of,
    is_counted,
    referrer_of,
    remember,
    viewer_of,
)
from emulator.web.playback.faults import MediaRequest, apply_faults, what_of
from emulator.web.playback.subject import Subject, subject_of
from emulator.world.audience import attendance
from emulator.world.library import recordings, renditions, watching
from emulator.world.library.clips import Clip
from emulator.world.library.recordings import Vod
from emulator.world.library.renditions import Rendition
from emulator.world.live import renditions as live_renditions
from emulator.world.live.streams import Stream
from emulator.world.video.videos import Video

Answer = Callable[["Playback", Request], Awaitable[Response]]
PLAYLIST = "application/vnd.apple.mpegurl"
PREFIXES = ("", f"/{CDN_NAME}")
_SEGMENT = re.compile(r"seg-([0-9]{1,9})\.m4s")


class Playback:
    """Serves one platform's media to players."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def may_be_struck(self, answer: Answer) -> bool:
        """Whether faults may apply to this answer."""
        is_played = answer in (Playback.plain, Playback.low_latency, Playback.media)
        return is_played and self._platform.world.faults.are_on

    def media_request(self, request: Request) -> MediaRequest:
        """Return a player's request as faults need it. Refuses (`not_found`) unknown media."""
        subject = subject_of(self._platform, request.path_params["uid"])
        of_stream = subject.stream.id if subject.stream else None
        of_vod = subject.vod.stream_id if subject.vod else None
        name = request.path_params.get("name")
        what = what_of(name) if name else "playlist"
        return MediaRequest(self._platform.world, request, of_stream or of_vod or "", what)

    async def manifest(self, request: Request) -> Response:
        """Answer `video.m3u8`: the multivariant playlist; `?protocol=llhls` for low latency."""
        is_low_latency = request.query_params.get("protocol") == "llhls"
        kind: Kind = "multivariant_ll" if is_low_latency else "multivariant"
        subject, hls_stream = await self._open(request, kind)
        rendered = hls_stream.playlist(kind)
        if rendition := await self._renditions_of(subject, kind):
            rendered = variants.joined(rendered, rendition)
        response = _playlist(request, rendered)
        if subject.stream is not None:
            remember(request, response)
        return response

    async def plain(self, request: Request) -> Response:
        subject, hls_stream = await self._open(request, "plain")
        self.count(request, subject)
        return _playlist(request, hls_stream.playlist("plain"))

    async def low_latency(self, request: Request) -> Response:
        """Answer the low latency playlist: blocking reload, delta updates (RFC 8216bis, 6.2.5)."""
        subject, hls_stream = await self._open(request, "low_latency")
        self.count(request, subject)
        msn, part = _number(request, "_HLS_msn"), _number(request, "_HLS_part")
        await hls_stream.wait_for(msn, part)
        is_delta = request.query_params.get("_HLS_skip") in {"YES", "v2"}
        return _playlist(
            request, hls_stream.playlist("low_latency", msn=msn, part=part, skip=is_delta)
        )

    async def media(self, request: Request) -> Response:
        """Answer an init segment, a segment or a part.

        The request for an announced part waits for it.
        """
        subject, hls_stream = await self._open(request)
        self.count(request, subject)
        source = await hls_stream.media(request.path_params["name"])
        self._note_watched(request, subject, hls_stream)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        if isinstance(source, FileRange):
            source = await run_in_threadpool(read, source)
        etag = _etag(hls_stream, request.path_params["name"], source)
        return respond(request, Representation(source, "video/mp4", etag, headers))

    async def thumbnail(self, request: Request) -> Response:
        subject = await self._with_first_picture(request)
        query = request.query_params
        recorded, loops = self._platform.recordings, self._platform.shared.loops
        make: Callable[..., Awaitable[bytes]] = partial(recorded.thumbnail, subject.media_uid)
        if subject.loop is not None:
            make = partial(loops.still, self._platform.world, subject.loop)
        with _of_query():
            picture = await make(
                time=query.get("time"),
                width=_number(request, "width", code="invalid"),
                height=_number(request, "height", code="invalid"),
                fit=query.get("fit", "crop"),
            )
        return _fresh(request, picture, "image/jpeg", 10)

    async def animation(self, request: Request) -> Response:
        subject = subject_of(self._platform, request.path_params["uid"])
        query = request.query_params
        with _of_query():
            rate = _number(request, "fps", code="invalid")
            uid, time = await self._pictured(subject, query.get("time"))
            picture = await self._platform.recordings.animation(
                uid,
                time=time,
                duration=query.get("duration", "5s"),
                rate=8 if rate is None else rate,
                width=_number(request, "width", code="invalid"),
                height=_number(request, "height", code="invalid"),
                fit=query.get("fit", "crop"),
            )
        return _fresh(request, picture, "image/gif", 10)

    async def sprite(self, request: Request) -> Response:
        """Answer the pictures of the seek bar in one picture."""
        subject = subject_of(self._platform, request.path_params["uid"])
        uid, _ = await self._pictured(subject, None)
        storyboard = await self._platform.recordings.storyboard(uid)
        return _fresh(request, storyboard.sprite, "image/jpeg", 10)

    async def sprite_map(self, request: Request) -> Response:
        """Answer the place of each of the seek bar's pictures in the sprite, as WebVTT."""
        subject = subject_of(self._platform, request.path_params["uid"])
        uid, _ = await self._pictured(subject, None)
        storyboard = await self._platform.recordings.storyboard(uid)
        return _fresh(request, storyboard.vtt.encode(), "text/vtt; charset=utf-8", 10)

    async def download(self, request: Request) -> Response:
        """Answer the recording as one MP4, which is made at the first request."""
        subject = subject_of(self._platform, request.path_params["uid"])
        if subject.loop is not None:
            world, loops = self._platform.world, self._platform.shared.loops
            content = await loops.mp4(world, subject.loop, subject.height)
            named = _saved_as(MP4_NAME)
            return respond(request, Representation(content, "video/mp4", digest(content), named))
        path = await self._platform.recordings.mp4(subject.media_uid)
        return await _file(request, path, "video/mp4")

    async def other_file(self, request: Request) -> Response:
        """Answer the file of a video that was processed to another container."""
        subject = subject_of(self._platform, request.path_params["uid"])
        form = request.url.path.rpartition(".")[2]
        path = self._platform.media_store.folder(subject.media_uid) / f"default.{form}"
        if subject.video is None or not path.exists():
            raise Refused("not_found", f"There is no {form} file here. Ask for default.mp4.")
        return await _file(request, path, CONTAINERS[form])

    async def lifecycle(self, request: Request) -> Response:
        """Answer whether this is live, and the uid to play: while it is live, its own.

        Our additions are `status`, `title`, `duration` in seconds, and the publisher's `protocol`.
        """
        subject = subject_of(self._platform, request.path_params["uid"])
        stream = subject.stream
        vod = subject.vod or self._vod_of(stream)
        shown = vod or subject.video or subject.clip
        title = stream.title if stream else (shown.title if shown else "")
        is_live = stream is not None and stream.status == "live"
        video_uid = shown.uid if shown and shown.status == "ready" else None
        if stream is not None and is_live and stream.has_media:
            video_uid = stream.uid
        return JSONResponse(
            {
                "isInput": stream is not None,
                "videoUID": video_uid,
                "live": is_live,
                "status": stream.status if stream else "ended",
                "title": title,
                "duration": self._seconds(stream, shown),
                "protocol": self._platform.service(Broadcasts).protocol_of(stream.id)
                if stream
                else None,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def views(self, request: Request) -> Response:
        stream = subject_of(self._platform, request.path_params["uid"]).stream
        count = self._platform.world.viewers.count(stream.id) if stream else 0
        return JSONResponse({"liveViewers": count}, headers={"Cache-Control": "no-store"})

    def _seconds(self, stream: Stream | None, vod: Vod | Video | Clip | None) -> float | None:
        """Return how long (s) a live stream has run, or how long a recording is."""
        if stream is not None and stream.status == "live" and stream.started_at_ms is not None:
            return (self._platform.world.now_ms - stream.started_at_ms) / 1000
        return vod.duration_ms / 1000 if vod is not None and vod.status == "ready" else None

    async def _open(self, request: Request, kind: Kind | None = None) -> tuple[Subject, HlsStream]:
        """Return what an address names, and its media. A playlist waits until players accept it.

        An app that has read `live` opens the playlist at once, and most players give up if it does
        not exist. So the playlist of a stream with a publisher is answered with its first segment;
        refuses (`unavailable`, try again) if that does not come in time. `?wait=1` also waits for a
        publisher, and for the first part if a part is requested.
        """
        subject = subject_of(self._platform, request.path_params["uid"])
        stream = subject.stream or subject.watched
        if stream is not None and (_waits(request) or (kind and self._is_coming(stream))):
            broadcasts = self._platform.service(Broadcasts)
            try:
                async with asyncio.timeout(broadcasts.media_wait_seconds) as waiting:
                    await broadcasts.wait_for_media(stream)
                    subject = subject_of(self._platform, request.path_params["uid"])
                    if kind is not None:
                        await (await self._waited_for(subject, waiting)).wait_for_first()
            except TimeoutError:
                # Players try again after a 503. A 404 is for streams without a publisher.
                raise Refused(
                    "unavailable" if self._is_coming(stream) else "not_found",
                    "This stream has no media yet.",
                    retry_after_seconds=1,
                ) from None
        return subject, await self._hls_stream(subject)

    async def _with_first_picture(self, request: Request) -> Subject:
        """Return the subject of a thumbnail. The thumbnail of a publisher waits for its media.

        A page that has read `live` shows it at once. Refuses as `_open`.
        """
        subject = subject_of(self._platform, request.path_params["uid"])
        stream, broadcasts = subject.stream, self._platform.service(Broadcasts)
        if stream is not None and broadcasts.protocol_of(stream.id) and subject.loop is None:
            subject, _ = await self._open(request, "low_latency")
        return subject

    async def _waited_for(self, subject: Subject, waiting: asyncio.Timeout) -> HlsStream:
        """Return the media of `subject`.

        Making the film of a simulated stream does not count as waiting.
        """
        now, until = asyncio.get_running_loop().time, waiting.when()
        begun = now()
        waiting.reschedule(None)
        hls_stream = await self._hls_stream(subject)
        waiting.reschedule(until and until + now() - begun)
        return hls_stream

    def _is_coming(self, stream: Stream) -> bool:
        """Whether the stream has a publisher, or is live by the API."""
        is_published = self._platform.service(Broadcasts).protocol_of(stream.id) is not None
        return stream.status == "live" or is_published

    async def _pictured(self, subject: Subject, time: str | None) -> tuple[str, str | None]:
        """Return the recording of a picture, and the time in it."""
        if subject.loop is None:
            return subject.media_uid, time
        return await self._platform.shared.loops.pictured(self._platform.world, subject.loop, time)

    async def _hls_stream(self, subject: Subject) -> HlsStream:
        """Return the media of a subject.

        Refuses (`not_found`) a subject without media, with `Retry-After` if it may come.
        """
        if subject.loop is not None:
            world, loops = self._platform.world, self._platform.shared.loops
            is_followed = subject.stream is not None
            return await loops.hls_stream(
                world, subject.loop, subject.height, is_followed=is_followed
            )
        media_store = self._platform.media_store
        # A VOD shows the same recording, but nothing was ever live at its address.
        was_live = subject.stream is not None or (
            subject.vod is None and media_store.is_followed(subject.media_uid)
        )
        try:
            return (media_store.followed if was_live else media_store.find)(subject.media_uid)
        except Refused:
            if subject.stream is None or subject.stream.status == "ended":
                raise Refused("not_found", "Nothing of this is recorded.") from None
            raise Refused(
                "not_found", "This stream has no media yet.", retry_after_seconds=1
            ) from None

    async def _renditions_of(self, subject: Subject, kind: Kind) -> list[tuple[str, Rendered]]:
        """Return the renditions of a stream, each with its multivariant playlist."""
        world, media_store = self._platform.world, self._platform.media_store
        playlists = []
        if subject.stream is not None:
            for live in live_renditions.of(world, subject.stream):
                hls_stream = media_store.find(live.uid)
                with suppress(Refused):  # It was dropped, or has nothing to play.
                    await hls_stream.wait_for_first()
                    playlists.append((live.uid, hls_stream.playlist(kind)))
        if subject.stream is None or subject.stream.status == "ended":
            for rendition in renditions.of_media(world, subject.media_uid):
                playlists.append(
                    (
                        rendition.uid,
                        (await self._other(subject, rendition)).playlist("multivariant"),
                    )
                )
        return playlists

    async def _other(self, subject: Subject, rendition: Rendition) -> HlsStream:
        """Return the media of a recording in another size."""
        if subject.loop is None:
            return self._platform.media_store.find(rendition.uid)
        loops = self._platform.shared.loops
        return await loops.hls_stream(self._platform.world, subject.loop, rendition.height)

    def _vod_of(self, stream: Stream | None) -> Vod | None:
        if stream is None or stream.vod_id is None:
            return None
        try:
            return recordings.find(self._platform.world, stream.vod_id)
        except Refused:  # The stream's VOD was deleted.
            return None

    def _note_watched(self, request: Request, subject: Subject, hls_stream: HlsStream) -> None:
        """Count the length of a requested segment of a recording as watched."""
        match = _SEGMENT.fullmatch(request.path_params["name"])
        # A segment requested in several ranges counts once.
        is_begun = request.headers.get("range", "bytes=0-").startswith("bytes=0-")
        is_watched = is_begun and request.method == "GET" and is_counted(request)
        if subject.vod is not None and match and is_watched:
            length_ms = hls_stream.window.length_ms(int(match[1]))
            watching.note(self._platform.world, subject.vod, length_ms)

    def count(self, request: Request, subject: Subject) -> None:
        """Count the sender of a request for a live stream's media as a viewer."""
        stream = subject.stream or subject.watched
        if stream is None or stream.status != "live" or request.method == "HEAD":
            return
        world = self._platform.world
        session, is_signed_in = viewer_of(world, request)
        if attendance.see_again(world, stream, session) or not is_counted(request):
            return
        attendance.see(
            world,
            stream,
            session,
            is_signed_in=is_signed_in,
            country=country_of(request),
            device=device_of(request),
            referrer=referrer_of(request),
        )


def routes(worlds: Worlds) -> list[Route]:
    table: list[tuple[str, Answer]] = [
        ("manifest/video.m3u8", Playback.manifest),
        ("manifest/stream.m3u8", Playback.plain),
        ("manifest/llhls.m3u8", Playback.low_latency),
        ("media/{name}", Playback.media),
        ("thumbnails/thumbnail.jpg", Playback.thumbnail),
        ("thumbnails/thumbnail.gif", Playback.animation),
        ("thumbnails/storyboard.jpg", Playback.sprite),
        ("thumbnails/storyboard.vtt", Playback.sprite_map),
        ("downloads/default.mp4", Playback.download),
        *((f"downloads/default.{form}", Playback.other_file) for form in CONTAINERS),
        ("lifecycle", Playback.lifecycle),
        ("views", Playback.views),
    ]
    return [
        Route(f"{prefix}/{{uid}}/{path}", _endpoint(worlds, answer))
        for prefix in PREFIXES
        for path, answer in table
    ]


def _endpoint(worlds: Worlds, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of an address, in the world of its uid."""

    async def endpoint(request: Request) -> Response:
        playback = Playback(of_media(worlds, request))
        if playback.may_be_struck(answer):
            return await apply_faults(
                playback.media_request(request), lambda: answer(playback, request)
            )
        return await answer(playback, request)

    return endpoint


def _waits(request: Request) -> bool:
    return request.query_params.get("wait") == "1"


def _number(request: Request, name: str, code: Code = "bad_request") -> int | None:
    """Read a whole number. Refuses anything else by `code`: 400 for HLS (RFC 8216bis, 6.2.5.2)."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(code, f"{name} is a whole number, not {text[:20]!r}", field=name)
    return int(text)


@contextmanager
def _of_query() -> Iterator[None]:
    """Turn a refusal of an input into an error of its query parameter."""
    try:
        yield
    except Refused as refused:
        if refused.code != "invalid" or "field" not in refused.details:
            raise
        place = ("query", refused.details["field"])
        raise Invalid([error_detail(place, refused.code, refused.message)]) from None


def _playlist(request: Request, rendered: Rendered) -> Response:
    headers = {"Cache-Control": f"public, max-age={rendered.max_age_seconds}"}
    etag = rendered.etag.strip('"')
    content = Representation(rendered.body, PLAYLIST, etag, headers, lambda: rendered.gzipped)
    return respond(request, content)


# The tags of each stream's newest files, which all viewers at the live edge request.
_TAGS: WeakKeyDictionary[HlsStream, dict[str, str]] = WeakKeyDictionary()
_TAGS_MAX = 256


def _etag(hls_stream: HlsStream, name: str, content: bytes) -> str:
    """Return a media file's tag, made from its content: a reset world reuses its uids."""
    tags = _TAGS.setdefault(hls_stream, {})
    tag = tags.get(name)
    if tag is None:
        tag = tags[name] = digest(content)
        if len(tags) > _TAGS_MAX:
            del tags[next(iter(tags))]
    return tag


def _fresh(request: Request, content: bytes, media_type: str, max_age_seconds: int) -> Response:
    """Answer with something made from a recording, which may be made again."""
    headers = {"Cache-Control": f"public, max-age={max_age_seconds}"}
    return respond(request, Representation(content, media_type, digest(content), headers))


async def _file(request: Request, path: Path, media_type: str) -> Response:
    """Answer with a whole file to download. Refuses (`not_found`) a deleted one."""
    with not_missing(path):
        file = await open_file(path)
    return respond(request, Representation(file, media_type, file.etag, _saved_as(path.name)))


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
