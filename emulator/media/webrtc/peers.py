"""Peers: every WebRTC peer of this process, by its id; their limits, and their end.

Cheap to import: aiortc and PyAV are imported with the first offer, in a thread.
"""

import asyncio
import logging
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.ids import trace_id
from emulator.media.ingest.authorizer import PacketAuthorizer, PublishRequest, log_refusal
from emulator.media.webrtc.config import UdpPorts, WebRtcConfig
from emulator.media.webrtc.libraries import Libraries
from emulator.media.webrtc.sessions.sessions import VideoSessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.media.webrtc.link import PeerLink
    from emulator.media.webrtc.relay import Relay, Watching
    from emulator.media.webrtc.sdp.answer import SectionAnswer
    from emulator.media.webrtc.sdp.description import Offer
    from emulator.media.webrtc.sessions.member import SentMedia
    from emulator.media.webrtc.whep.fanout import WhepFanout

log = logging.getLogger(__name__)


class PeerHandler(Protocol):
    """The role of a peer: a publisher, a viewer, or a participant of a session."""

    def serve(self, link: "PeerLink") -> None: ...
    def opened(self) -> None: ...
    def rtp(self, data: bytes) -> None: ...
    def rtcp(self, data: bytes) -> None: ...

    def finish(self) -> None:
        """Note that the peer ended its session properly; `ended` follows."""

    def ended(self, reason: str) -> None: ...


class Peer(Struct):
    """One peer's connection.

    `purpose` and `subject` say what it was accepted for: `whip` and a stream's uid, and so on;
    `sdp` is our answer.
    """

    id: str
    purpose: str
    subject: str
    link: "PeerLink"
    handler: PeerHandler
    ufrag: str
    sdp: str = ""
    has_said_goodbye: bool = False

    def say_goodbye(self) -> None:
        """End the connection of a peer that ended its session (RFC 9725, 4.2: DELETE)."""
        self.has_said_goodbye = True
        self.handler.finish()
        self.link.end("the peer ended its session")


class Peers:
    """All peers of the process. For the event loop's thread. Their tasks run in `tasks`.

    `catch_up` removes publishers of other protocols that have left, before a new one is checked.
    """

    def __init__(
        self,
        authorizer: PacketAuthorizer,
        config: WebRtcConfig,
        tasks: asyncio.TaskGroup,
        catch_up: "Callable[[], None]" = lambda: None,
    ) -> None:
        self.config = config
        self._catch_up = catch_up
        self._authorizer = authorizer
        self._tasks = tasks
        self._ports = UdpPorts(config.ports)
        self._peers: dict[str, Peer] = {}
        self._fanouts: dict[Relay, WhepFanout] = {}
        self._members: dict[tuple[str, str, str], str] = {}
        # Publishers that lost their connection, but may still end their session.
        self._gone: OrderedDict[str, PeerHandler] = OrderedDict()
        self.rooms = VideoSessions()
        self.libraries = Libraries()
        self._is_stopping = False
        self._none_left = asyncio.Event()

    @property
    def count(self) -> int:
        return len(self._peers)

    def find(self, peer_id: str, purpose: str) -> Peer:
        """Find a peer. Refuses (`not_found`) one that has ended, or has another purpose."""
        peer = self._peers.get(peer_id)
        if peer is None or peer.purpose != purpose or peer.link.is_over:
            raise Refused("not_found", "This WebRTC session does not exist, or has ended.")
        return peer

    def say_goodbye(self, peer_id: str, purpose: str) -> None:
        """End a peer's session. Refuses (`not_found`) a second call, and an unknown peer.

        A peer whose connection has just ended is still known: libdatachannel, and so OBS, closes it
        first.
        """
        handler = self._gone.pop(peer_id, None) if purpose == "whip" else None
        if handler is not None:
            handler.finish()
            return
        peer = self._peers.get(peer_id)
        if peer is None or peer.purpose != "whip" or peer.has_said_goodbye:
            peer = self.find(peer_id, purpose)
        # The peer is known here, even if its connection has ended and is not cleaned up yet.
        peer.say_goodbye()

    async def publish(self, publish_request: PublishRequest, sdp: str, uid: str) -> Peer:
        """Accept a publisher by its offer (WHIP).

        Refuses (`bad_request`, `unsupported`) a bad offer, what the authorizer refuses, and
        (`unavailable`) a peer over the limit. `uid` is the stream's, where this key has one.
        """
        await self._prepare()
        from emulator.media.webrtc.sdp import codecs
        from emulator.media.webrtc.sdp.description import parse
        from emulator.media.webrtc.whip.publisher import WhipPublisher

        offer = parse(sdp)
        formats = codecs.to_receive(offer)
        dropped: list[str] = []

        def drop(reason: str) -> None:
            dropped.append(reason)
            for peer in peers:
                peer.link.end(reason)

        peers: list[Peer] = []
        self._catch_up()
        try:
            sink = self._authorizer.authorize(publish_request, drop)
        except Refused as refused:
            log_refusal(publish_request, refused)
            raise self._again_later(refused) from None
        publisher = WhipPublisher(self.config, list(formats.values()), sink, random_ssrc())
        answers = [
            publisher.section_answer(formats[index]) if index in formats else None
            for index in range(len(offer.sections))
        ]
        try:
            peer = await self._open("whip", uid, publisher, offer, answers, peers)
        except BaseException:
            publisher.ended("its connection could not be opened")
            raise
        if dropped:
            peer.link.end(dropped[0])
        return peer

    async def watch(self, relay: "Relay", watching: "Watching", sdp: str, uid: str) -> Peer:
        """Accept a viewer of a stream by its offer (WHEP).

        Refuses (`bad_request`, `unsupported`) a bad offer, (`unavailable`) a peer over the limit,
        and (`conflict`) a stream that has just ended.
        """
        await self._prepare()
        if relay.is_closed:
            raise Refused("conflict", "This stream has ended.")
        from emulator.media.webrtc.sdp import codecs
        from emulator.media.webrtc.sdp.description import parse
        from emulator.media.webrtc.whep.viewer import Viewer

        offer = parse(sdp)
        picture = relay.picture
        profile = picture.config[1:4].hex() if picture and picture.codec == "h264" else ""
        formats = codecs.to_send(offer, profile)
        fanout = self._fanout(relay)
        viewer = Viewer(fanout, watching, formats)
        answers = [
            viewer.section_answer(formats[index]) if index in formats else None
            for index in range(len(offer.sections))
        ]
        try:
            peer = await self._open("whep", uid, viewer, offer, answers, [])
        except BaseException:
            viewer.ended("its connection could not be opened")
            raise
        return peer

    async def meet(
        self,
        room: tuple[str, str],
        participant_id: str,
        sdp: str,
        on_media: "Callable[[SentMedia], None]",
    ) -> Peer:
        """Accept a participant into a session by an offer, or answer a member's further offer.

        Refuses (`bad_request`) a bad offer, (`unavailable`) a peer over the limit.
        """
        if self.rooms.find(room, participant_id) is None:
            await self._prepare()
        from emulator.media.webrtc.sdp.answer import write
        from emulator.media.webrtc.sdp.description import parse

        offer = parse(sdp)
        known = self._peers.get(self._members.get((*room, participant_id), ""))
        member = self.rooms.find(room, participant_id)
        if known is not None and member is not None and known.ufrag == offer.remote.ufrag:
            self.rooms.take(room, member, offer)
            known.sdp = write(offer, member.answers(offer), known.link.local, _number(known.id))
            known.link.learn(offer.remote.candidates)
            return known
        member = self.rooms.join(
            room, participant_id, self.config.bits_per_second_max // 4, random_ssrc(), on_media
        )
        self.rooms.take(room, member, offer)
        try:
            peer = await self._open("session", room[1], member, offer, member.answers(offer), [])
        except BaseException:
            member.ended("its connection could not be opened")
            raise
        self._members[(*room, participant_id)] = peer.id
        return peer

    async def stop(self, reason: str) -> None:
        """End every peer, and return when all of them are gone."""
        self._is_stopping = True
        self.libraries.stop()
        for peer in tuple(self._peers.values()):
            peer.link.end(reason)
        while self._peers:
            self._none_left.clear()
            await self._none_left.wait()

    def _again_later(self, refused: Refused) -> Refused:
        """Add the time of the next try to a refusal that a silent publisher's end may lift."""
        if refused.code == "unavailable" or refused.details.get("is_in_use"):
            refused.details.setdefault("retry_after_seconds", -(-self.config.idle_ms // 1000))
        return refused

    def _fanout(self, relay: "Relay") -> "WhepFanout":
        """The fan-out of a stream, for all its viewers; it ends when the last one has left."""
        from emulator.media.webrtc.whep.fanout import WhepFanout

        whep_fanout = self._fanouts.get(relay)
        if whep_fanout is None:
            whep_fanout = WhepFanout(relay, partial(self._close_fanout, relay))
            self._fanouts[relay] = whep_fanout
        elif whep_fanout.count >= self.config.viewers_per_stream_max:
            raise Refused(
                "unavailable",
                f"The limit of {whep_fanout.count} WebRTC viewers of this stream is reached. "
                "Its playlist plays for any number.",
                retry_after_seconds=5,
            )
        return whep_fanout

    def _close_fanout(self, relay: "Relay") -> None:
        del self._fanouts[relay]

    async def _prepare(self) -> None:
        """Import the libraries, and check that there is room for one more peer."""
        await self.libraries.ready()
        if self._is_stopping:
            raise Refused("unavailable", "The emulator stops.")
        connecting = sum(not peer.link.is_open for peer in self._peers.values())
        if len(self._peers) >= self.config.peers_max or connecting >= self.config.connecting_max:
            raise Refused(
                "unavailable",
                f"The limit is reached: there are {len(self._peers)} WebRTC peers, {connecting} of "
                "them still connecting.",
                retry_after_seconds=self.config.connect_ms // 1000 or 1,
            )

    async def _open(
        self,
        purpose: str,
        subject: str,
        handler: PeerHandler,
        offer: "Offer",
        answers: "list[SectionAnswer | None]",
        peers: list[Peer],
    ) -> Peer:
        """Open a peer's transport, answer its offer, and start it."""
        from emulator.media.webrtc.link import PeerLink
        from emulator.media.webrtc.sdp.answer import write

        link = PeerLink(
            self.config,
            self._ports,
            on_rtp=handler.rtp,
            on_rtcp=handler.rtcp,
            on_open=handler.opened,
            on_end=handler.ended,
        )
        handler.serve(link)
        peer = Peer(trace_id(), purpose, subject, link, handler, offer.remote.ufrag)
        self._peers[peer.id] = peer
        try:
            local = await link.prepare(offer.remote)
        except BaseException:
            await link.free()
            self._forget(peer)
            raise
        peer.sdp = write(offer, answers, local, _number(peer.id))
        peers.append(peer)
        self._tasks.create_task(self._run(peer, offer))
        return peer

    async def _run(self, peer: Peer, offer: "Offer") -> None:
        try:
            await peer.link.run(offer.remote)
        finally:
            self._forget(peer)
            log.info(
                "WebRTC peer left purpose=%s subject=%s peer=%s reason=%s",
                peer.purpose,
                peer.subject,
                peer.link.peer,
                peer.link.reason,
            )

    def _forget(self, peer: Peer) -> None:
        self._peers.pop(peer.id, None)
        if peer.purpose == "whip" and not peer.has_said_goodbye:
            self._gone[peer.id] = peer.handler
            while len(self._gone) > self.config.peers_max:
                self._gone.popitem(last=False)
        self._members = {
            name: peer_id for name, peer_id in self._members.items() if peer_id != peer.id
        }
        if not self._peers:
            self._none_left.set()


def random_ssrc() -> int:
    """A random SSRC (RFC 3550, 8); never 0, which means no source."""
    return int(trace_id()[:8], 16) or 1


def _number(peer_id: str) -> int:
    """A session's number in SDP (RFC 8866, 5.2): at most 63 bits."""
    return int(peer_id[:15], 16)
