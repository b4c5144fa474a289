"""Video sessions and their seats, on a clock that the test moves."""

import base64
import hashlib
import hmac

import jwt
import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.people import AccountMade
from emulator.core.events.video import (
    ParticipantJoined,
    ParticipantLeft,
    ParticipantShown,
    SessionCreated,
    SessionEnded,
    SessionStarted,
)
from emulator.world.auth import tokens
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.video import participants, sessions
from emulator.world.video.participants import TOKEN_MS
from emulator.world.video.sessions import VideoSession
from emulator.world.world import World


@pytest.fixture
def session(world: World, ada: User) -> VideoSession:
    return sessions.create(world, ada, "Pair programming", 2)


def test_video_session_is_active_from_first_participant_and_ends_for_all(
    world: World,
    clock: ManualClock,
    heard: list[Event],
    session: VideoSession,
    ada: User,
    bob: User,
) -> None:
    assert (session.status, session.participant_count) == ("created", 0)
    clock.advance(1_000)

    participants.join(world, session, bob)
    session = sessions.find(world, session.id)
    assert (session.status, session.started_at_ms) == ("active", clock.now_ms())
    clock.advance(1_000)
    participants.join(world, session, ada)
    session = sessions.find(world, session.id)
    assert session.participant_count == 2
    assert session.started_at_ms == clock.now_ms() - 1_000

    ended = sessions.end(world, session)

    assert (ended.status, ended.participant_count) == ("ended", 0)
    assert ended.ended_at_ms == clock.now_ms()
    assert [type(event) for event in heard if type(event) is not AccountMade] == [
        SessionCreated,
        SessionStarted,
        ParticipantJoined,
        ParticipantJoined,
        ParticipantLeft,
        ParticipantLeft,
        SessionEnded,
    ]
    for act in (lambda: sessions.end(world, ended), lambda: participants.join(world, ended, ada)):
        with pytest.raises(Refused, match="already ended"):
            act()


def test_video_session_seat_is_taken_once_until_the_session_is_full(
    world: World, session: VideoSession, ada: User, bob: User
) -> None:
    cleo = accounts.make(world, "cleo")
    first = participants.join(world, session, bob)
    again = participants.join(world, sessions.find(world, session.id), bob)
    assert again.participant.id == first.participant.id
    assert again.token != first.token
    participants.join(world, sessions.find(world, session.id), ada)

    full = sessions.find(world, session.id)
    with pytest.raises(Refused, match="full") as refused:
        participants.join(world, full, cleo)
    assert refused.value.code == "conflict"
    # A participant can still get a new token.
    participants.join(world, full, ada)

    participants.remove(world, full, first.participant.id, bob)
    assert participants.join(world, sessions.find(world, session.id), cleo).participant.id


def test_video_session_seat_lapses_with_its_newest_token(
    world: World, clock: ManualClock, heard: list[Event], session: VideoSession, bob: User
) -> None:
    participants.join(world, session, bob)
    clock.advance(TOKEN_MS - 1)
    participants.join(world, sessions.find(world, session.id), bob)
    clock.advance(TOKEN_MS - 1)
    assert sessions.find(world, session.id).participant_count == 1
    clock.advance(5_000)

    stored = sessions.find(world, session.id)

    assert (stored.status, stored.participant_count) == ("active", 0)
    left = heard[-1]
    assert isinstance(left, ParticipantLeft)
    assert (left.reason, left.at_ms) == ("expired", clock.now_ms() - 4_999)
    assert participants.of(world, stored) == ([], 0)
    ((past,), count) = participants.of(world, stored, with_those_who_left=True)
    assert (past.left_at_ms, count) == (left.at_ms, 1)


def test_video_session_participant_may_be_removed_by_some_roles_only(
    world: World, session: VideoSession, ada: User, bob: User
) -> None:
    cleo = accounts.make(world, "cleo")
    seat = participants.join(world, session, bob).participant

    with pytest.raises(Refused, match="Only the host") as refused:
        participants.remove(world, session, seat.id, cleo)
    assert refused.value.code == "forbidden"
    participants.remove(world, session, seat.id, ada)
    with pytest.raises(Refused, match="Participant not found"):
        participants.remove(world, session, seat.id, bob)
    with pytest.raises(Refused, match="Request a token"):
        participants.find_own(world, session, bob)


def test_video_session_token_opens_that_session_only(
    world: World, clock: ManualClock, session: VideoSession, ada: User
) -> None:
    access = participants.join(world, session, ada)

    claims = jwt.decode(
        access.token,
        world.secret,
        algorithms=["HS256"],
        audience=participants.AUDIENCE,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["session_id"] == session.id
    assert (claims["sub"], claims["is_host"]) == (ada.id, True)
    assert claims["participant_id"] == access.participant.id
    assert claims["exp"] == (clock.now_ms() + TOKEN_MS) // 1000
    assert access.expires_at_ms == clock.now_ms() + TOKEN_MS
    with pytest.raises(Refused):
        tokens.by_access_token(world, access.token)


def test_video_session_turn_credentials_can_be_verified_with_the_secret(
    world: World, clock: ManualClock, ada: User
) -> None:
    turn_credentials = participants.turn_credentials(world, ada)

    until, _, name = turn_credentials.username.partition(":")
    assert (int(until), name) == (clock.now_ms() // 1000 + turn_credentials.ttl_seconds, ada.id)
    wanted = hmac.digest(
        participants.turn_secret(world), turn_credentials.username.encode(), hashlib.sha1
    )
    assert base64.b64decode(turn_credentials.credential) == wanted


def test_video_session_capacity_is_never_below_its_participants(
    world: World, session: VideoSession, ada: User, bob: User
) -> None:
    larger = sessions.update(world, session, {"participants_max": 3, "session_name": "Mob"})
    assert (larger.participants_max, larger.session_name) == (3, "Mob")
    for user in (ada, bob, accounts.make(world, "cleo")):
        participants.join(world, sessions.find(world, session.id), user)

    with pytest.raises(Refused, match="cannot be 2") as refused:
        sessions.update(world, sessions.find(world, session.id), {"participants_max": 2})
    assert refused.value.code == "conflict"
    sessions.end(world, larger)
    with pytest.raises(Refused, match="already ended"):
        sessions.update(world, sessions.find(world, session.id), {"session_name": "x"})


def test_video_session_lists_show_hosted_and_joined_ones(
    world: World, session: VideoSession, ada: User, bob: User
) -> None:
    other = sessions.create(world, bob, "Stand-up", 5)
    seat = participants.join(world, session, bob).participant

    def ids(page: tuple[list[VideoSession], int]) -> list[str]:
        assert len(page[0]) == page[1]
        return [listed.id for listed in page[0]]

    assert ids(sessions.active(world, bob)) == [other.id, session.id]
    assert ids(sessions.active(world, ada)) == [session.id]
    participants.remove(world, session, seat.id, bob)
    sessions.end(world, other)
    assert ids(sessions.active(world, bob)) == []
    assert ids(sessions.of_user(world, bob.id, bob)) == [other.id, session.id]
    admin = accounts.make(world, "root", role="SUPERUSER")
    assert ids(sessions.of_user(world, bob.id, admin)) == [other.id, session.id]
    with pytest.raises(Refused, match="admin") as refused:
        sessions.of_user(world, bob.id, ada)
    assert refused.value.code == "forbidden"


def test_video_session_recording_is_saved_once_and_while_the_sender_is_in(
    world: World, ada: User, heard: list[Event]
) -> None:
    # Given a user in a session,
    session = sessions.create(world, ada, "Pair programming", 2)
    seat = participants.join(world, session, ada).participant
    heard.clear()
    # when they send sound and a picture, reported twice, and leave,
    for _ in range(2):
        participants.show(world, seat, session.id, audio=True, video=True, screen=False)
    shown = participants.find(world, session, seat.id)
    participants.remove(world, session, seat.id, ada)
    participants.show(world, seat, session.id, audio=False, video=False, screen=False)
    # then that is stored, and an event, once.
    assert (shown.has_audio, shown.has_video, shown.has_screen) == (True, True, False)
    assert [type(event) for event in heard] == [ParticipantShown, ParticipantLeft]


def test_video_session_token_returns_its_own_seat(
    world: World, clock: ManualClock, ada: User, bob: User
) -> None:
    session = sessions.create(world, ada, "Pair programming", 2)
    other = sessions.create(world, ada, "Another one", 2)
    access = participants.join(world, session, bob)

    assert participants.by_token(world, session, access.token) == access.participant
    for wrong, token, code in (
        (other, access.token, "forbidden"),
        (session, access.token + "x", "unauthorized"),
    ):
        with pytest.raises(Refused) as refused:
            participants.by_token(world, wrong, token)
        assert refused.value.code == code
    clock.advance(participants.TOKEN_MS)
    with pytest.raises(Refused) as late:
        participants.by_token(world, session, access.token)
    assert late.value.code == "unauthorized"
