"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-03): publish and watch over WebRTC.

To publish, the stream key is in the path, as in the platform's `webrtc_url`, or is the bearer
token; then the path names the stream. Watching needs no key.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.core.errors import Refused
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.ingest.authorizer import PublishRequest
from emulator.media.webrtc.peers import Peer, Peers
from emulator.media.webrtc.relay import Relay, Watching
from emulator.platform.platform import Platform
from emulator.platform.worlds import Worlds
from emulator.web.auth import bearer, credential
from emulator.web.http.caller_address import caller_host, used_by
from emulator.web.http.representation import matches
from emulator.web.http.world_choice import of_media
from emulator.web.playback.audience import (
    country_of,
    device_of,
    is_counted,
    referrer_of,
    viewer_of,
)
from emulator.web.playback.faults import stalling
from emulator.web.playback.hls import PREFIXES
from emulator.web.playback.subject import subject_of
from emulator.world.audience import attendance
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.world import World

Answer = Callable[[Request], Awaitable[Response]]
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
_BODY_BYTES_MAX = 262_144
_ENCODER_LENGTH_MAX = 100


class WebRtcEndpoints:
    """The endpoints of WHIP and WHEP, and the address of each peer."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        # The number of peers of each session.
        self._sessions: Counter[tuple[str, str, str]] = Counter()

    @property
    def peers(self) -> Peers:
        peers = self._worlds.shared.peers
        if peers is None:
            raise Refused("unavailable", "WebRTC is not served here.")
        return peers

    async def options(self, request: Request) -> Response:  # noqa: ARG002 -- an endpoint
        """Answer what may be posted here (RFC 9725, 4.2)."""
        headers = {"Accept-Post": SDP, "Allow": "OPTIONS, POST", **self._links()}
        return Response(status_code=204, headers=headers)

    async def peer_options(self, request: Request) -> Response:  # noqa: ARG002 -- an endpoint
        """Answer the methods of a peer's address (RFC 9725, 4.3)."""
        headers = {"Accept-Patch": FRAGMENT, "Allow": "DELETE, OPTIONS, PATCH"}
        return Response(status_code=204, headers=headers)

    async def publish(self, request: Request) -> Response:
        """Publish a stream (WHIP)."""
        offer = await body(request, SDP)
        key, stream = self._key(request)
        agent = request.headers.get("user-agent", "")
        publish_request = PublishRequest(key, "whip", _peer(request), _printable(agent))
        uid = stream.uid if stream is not None else ""
        peer = await self.peers.publish(publish_request, offer, uid)
        return self._created(request, peer, "publish")

    async def play(self, request: Request) -> Response:
        """Watch a stream (WHEP)."""
        offer = await body(request, SDP)
        platform = of_media(self._worlds, request)
        stream, relay = _shown(platform, request.path_params["uid"])
        watching = self._watching(platform.world, stream, request)
        if not is_counted(request):
            watching = Watching(_ignore, _ignore, watching.is_stalled)
        peer = await self.peers.watch(relay, watching, offer, stream.uid)
        return self._created(request, peer, "play")

    async def trickle(self, request: Request) -> Response:
        """Accept more ICE candidates of a peer (RFC 9725, 4.3.1). An ICE restart is refused."""
        peer = self._peer(request)
        tags = request.headers.getlist("if-match")
        if tags and not matches(tags, _tag(peer), is_strong=True):
            return Response(status_code=412)
        text = await body(request, FRAGMENT)
        from emulator.media.webrtc.sdp.description import parse_fragment

        fragment = parse_fragment(text)
        if fragment.ufrag not in (None, peer.ufrag):
            raise Refused("unsupported", "ICE cannot be restarted here: post a new offer.")
        peer.link.learn(fragment.candidates)
        return Response(status_code=204)

    async def leave(self, request: Request) -> Response:
        """End a peer's connection."""
        self.peers.say_goodbye(request.path_params["peer"], _purpose(request))
        return Response(status_code=200)

    def _peer(self, request: Request) -> Peer:
        return self.peers.find(request.path_params["peer"], _purpose(request))

    def _watching(self, world: World, stream: Stream, request: Request) -> Watching:
        """Return functions that count a viewer (websocket.md, "Who counts as a viewer")."""
        session, is_signed_in = viewer_of(world, request)
        country, device, referrer = country_of(request), device_of(request), referrer_of(request)
        place = (world.name, stream.id, session)
        has_come = False

        def now() -> Stream | None:
            """Return the stream if it still exists and is live."""
            current = streams.by_uid(world, stream.uid)
            return current if current is not None and current.status == "live" else None

        def seen() -> None:
            nonlocal has_come
            if not has_come:
                has_come = True
                self._sessions[place] += 1
            live = now()
            if live is not None and not attendance.see_again(world, live, session):
                attendance.see(
                    world,
                    live,
                    session,
                    is_signed_in=is_signed_in,
                    country=country,
                    device=device,
                    referrer=referrer,
                )

        def left() -> None:
            # A session with two peers has left when both have.
            self._sessions[place] -= 1
            if self._sessions[place] > 0:
                return
            del self._sessions[place]
            if (live := now()) is not None:
                attendance.leave(world, live, session)

        return Watching(seen, left, stalling(world, stream.id, session))

    def _key(self, request: Request) -> tuple[str, Stream | None]:
        """Return the publisher's key, and its stream if there is one.

        Refuses (`unauthorized`) an unknown bearer token, or a missing one if the path is a stream's
        uid, (`forbidden`) the key of another stream.
        """
        named = request.path_params["uid"]
        # RFC 9725, 4.7: the stream key is the bearer token, whatever else a client sends.
        text = bearer(request) or credential(request)
        stream = self._stream(named)
        if stream is not None:
            return named, stream
        if text:
            stream = self._stream(text)
            if stream is None:
                raise Refused("unauthorized", "This stream key is unknown. Copy it again.")
            if named != stream.uid:
                raise Refused("forbidden", "This key belongs to another stream.")
            return text, stream
        if any(
            streams.by_uid(platform.world, named)
            for platform in self._worlds.directory.named(named)
        ):
            raise Refused(
                "unauthorized",
                "The stream key is missing: put it in the address, or send it as bearer token.",
            )
        return named, None

    def _stream(self, key: str) -> Stream | None:
        """Return the stream with this key, from any world."""
        candidates = (
            streams.by_key(platform.world, key) for platform in self._worlds.directory.named(key)
        )
        return next((stream for stream in candidates if stream is not None), None)

    def _created(self, request: Request, peer: Peer, purpose: str) -> Response:
        path = request.url.path.partition("/webRTC/")[0].rpartition("/")[0]
        # The address is absolute: behind a proxy that changes the path, a relative one would be
        # wrong.
        base = self._base(request)
        headers = {
            "Location": f"{base}{path}/{peer.subject}/webRTC/{purpose}/{peer.id}",
            "ETag": f'"{_tag(peer)}"',
            "Accept-Patch": FRAGMENT,
            "Cache-Control": "no-store",
            **self._links(),
        }
        return Response(peer.sdp, status_code=201, media_type=SDP, headers=headers)

    def _base(self, request: Request) -> str:
        """Return the address of `--public-url`, else the one that the caller used."""
        shared = self._worlds.shared
        if shared.public != shared.local:
            return shared.addresses.http
        return used_by(request.url.scheme, request.headers) or shared.addresses.http

    def _links(self) -> dict[str, str]:
        """Return the header that lists ICE servers (RFC 9725, 4.6)."""
        stun = self._worlds.shared.addresses.stun
        return {"Link": f'<{stun}>; rel="ice-server"'} if stun else {}


def routes(worlds: Worlds) -> list[Route]:
    endpoints = WebRtcEndpoints(worlds)
    endpoint: dict[str, Answer] = {"OPTIONS": endpoints.options}
    peer: dict[str, Answer] = {
        "OPTIONS": endpoints.peer_options,
        "PATCH": endpoints.trickle,
        "DELETE": endpoints.leave,
    }
    table = {
        "publish": endpoint | {"POST": endpoints.publish},
        "play": endpoint | {"POST": endpoints.play},
        "{purpose}/{peer}": peer,
    }
    # One route for each address, so that the answer to a wrong method lists all allowed ones.
    return [
        Route(f"{prefix}/{{uid}}/webRTC/{path}", _by_method(answers), methods=list(answers))
        for prefix in PREFIXES
        for path, answers in table.items()
    ]


def _by_method(answers: Mapping[str, Answer]) -> Answer:
    async def endpoint(request: Request) -> Response:
        return await answers[request.method](request)

    return endpoint


async def body(request: Request, media_type: str) -> str:
    """Return a request's text. Refuses (`wrong_type`) another type, (`too_large`) a long text."""
    text = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if text != media_type:
        raise Refused("wrong_type", f"Send this as {media_type}.")
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > _BODY_BYTES_MAX:
            raise Refused("too_large", f"The body is larger than {_BODY_BYTES_MAX} bytes.")
        pieces.append(piece)
    try:
        return b"".join(pieces).decode()
    except UnicodeDecodeError:
        raise Refused("bad_request", "This is not text in UTF-8.") from None


def _shown(platform: Platform, uid: str) -> tuple[Stream, Relay]:
    """Return a live stream and its packets.

    Refuses (`not_found`) a stream without media yet, (`conflict`) an ended or simulated stream, and
    a recording.
    """
    subject = subject_of(platform, uid)
    stream = subject.stream
    if stream is None:
        raise Refused(
            "conflict", "This is a recording: play its playlist, it cannot be watched over WebRTC."
        )
    if stream.status == "ended":
        raise Refused("conflict", "This stream has ended.")
    if stream.is_simulated:
        raise Refused(
            "conflict",
            "This stream is simulated: play its playlist, it cannot be watched over WebRTC.",
        )
    relay = platform.service(Broadcasts).relay_of(stream.id)
    if relay is None or relay.is_closed or not (relay.picture or relay.sound):
        raise Refused("not_found", "This stream has no media yet.", retry_after_seconds=1)
    return stream, relay


def _ignore() -> None:
    """Do nothing: this viewer is not counted."""


def _purpose(request: Request) -> str:
    return "whip" if request.path_params["purpose"] == "publish" else "whep"


def _tag(peer: Peer) -> str:
    """Return the tag of a peer's only ICE session (RFC 9725, 4.3.1)."""
    return peer.id[:16]


def _peer(request: Request) -> str:
    port = request.client.port if request.client else 0
    return f"{caller_host(request) or 'unknown'}:{port}"


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:_ENCODER_LENGTH_MAX]
