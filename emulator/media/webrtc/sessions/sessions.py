"""VideoSessions: the members of each session with media, and the tracks that each receives."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.core.bus import Handlers
from emulator.core.events.video import ParticipantLeft
from emulator.core.events.worlds import WorldReplaced
from emulator.core.service import Service

if TYPE_CHECKING:
    from emulator.media.webrtc.sdp.description import Offer
    from emulator.media.webrtc.sessions.lanes import LaneSource
    from emulator.media.webrtc.sessions.member import Member, SentMedia

RoomId = tuple[str, str]


class VideoSessions:
    """The sessions of all worlds, by `(world, session)`. A session exists while it has a member."""

    def __init__(self) -> None:
        self._rooms: dict[RoomId, dict[str, Member]] = {}

    @property
    def count(self) -> int:
        return sum(map(len, self._rooms.values()))

    def find(self, room: RoomId, participant_id: str) -> "Member | None":
        return self._rooms.get(room, {}).get(participant_id)

    def join(
        self,
        room: RoomId,
        participant_id: str,
        bits_per_second: int,
        own_ssrc: int,
        on_media: "Callable[[SentMedia], None]",
    ) -> "Member":
        """Make a member and add it. An earlier one of the same participant is disconnected."""
        # Imported late: only a session needs it, and the server starts sooner without it.
        from emulator.media.webrtc.sessions.member import Member

        before = self.find(room, participant_id)
        if before is not None:
            self._dismiss(before, "the same participant joined again")
        member = Member(
            participant_id,
            bits_per_second,
            own_ssrc,
            on_media,
            lambda gone: self._leave(room, gone),
        )
        self._rooms.setdefault(room, {})[participant_id] = member
        return member

    def take(self, room: RoomId, member: "Member", offer: "Offer") -> None:
        """Take a member's offer: forward its tracks to the others, and theirs to it."""
        member.take(offer)
        self._arrange(room)

    def remove(self, room: RoomId, participant_id: str, reason: str) -> None:
        """Disconnect a participant, if it sends or receives media."""
        member = self.find(room, participant_id)
        if member is not None:
            self._dismiss(member, reason)

    def remove_all(self, world: str) -> None:
        """Disconnect all participants of a world whose sessions are gone."""
        for room, members in tuple(self._rooms.items()):
            if room[0] == world:
                for member in tuple(members.values()):
                    self._dismiss(member, "the session is gone")

    def _arrange(self, room: RoomId) -> None:
        """Connect every source to a free sink of every other member, in the order of joining."""
        members = list(self._rooms.get(room, {}).values())
        for member in members:
            shown = {sink.source for sink in member.sinks}
            for other in members:
                if other is not member:
                    for source in other.sources:
                        if source not in shown:
                            _show(member, source)

    def _leave(self, room: RoomId, member: "Member") -> None:
        members = self._rooms.get(room, {})
        if members.get(member.id) is member:
            del members[member.id]
        if not members:
            self._rooms.pop(room, None)
        # A sink that has become free is for the source that waited for it.
        self._arrange(room)

    def _dismiss(self, member: "Member", reason: str) -> None:
        if member.link is not None:
            member.link.end(reason)
        else:
            member.ended(reason)


class SessionEnds(Service):
    """Disconnects participants of one world who left or were removed, or whose session has ended.

    `sessions` returns those of the process; None where no sockets are served.
    """

    def __init__(self, world: str, sessions: Callable[[], VideoSessions | None]) -> None:
        self._world = world
        self._sessions = sessions

    def handlers(self) -> Handlers:
        return {ParticipantLeft: self._on_left, WorldReplaced: self._on_world_replaced}

    def _on_left(self, event: ParticipantLeft) -> None:
        if sessions := self._sessions():
            room = (self._world, event.session_id)
            sessions.remove(room, event.participant_id, f"the participant has {event.reason}")

    def _on_world_replaced(self, _: WorldReplaced) -> None:
        if sessions := self._sessions():
            sessions.remove_all(self._world)


def _show(member: "Member", source: "LaneSource") -> None:
    for sink in member.sinks:
        if sink.source is None and sink.fits(source):
            sink.attach(source)
            return
