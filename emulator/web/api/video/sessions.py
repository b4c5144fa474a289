"""`/video-sessions/sessions`: create, read, change and end video sessions."""

from typing import Any, TypedDict

from pydantic import Field

from emulator.shapes.calls import SessionShape, session_shape
from emulator.web.api.models import Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people.accounts import User
from emulator.world.video import sessions
from emulator.world.video.sessions import VideoSession


class SessionCreate(Request):
    session_name: str = Field(min_length=1, max_length=200)
    max_participants: Whole = Field(ge=2, le=50)


class SessionUpdate(Request):
    session_name: str | None = Field(None, min_length=1, max_length=200)
    max_participants: Whole | None = Field(None, ge=2, le=50)

    def patch(self) -> dict[str, Any]:
        """Return the body as the world's values; a null has no effect."""
        values = self.model_dump(exclude_none=True)
        if "max_participants" in values:
            values["participants_max"] = values.pop("max_participants")
        return values


class SessionList(TypedDict):
    sessions: list[SessionShape]
    total: int


@endpoint(
    "POST",
    "/video-sessions/sessions",
    provenance="documented",
    status=201,
    limit="session_creation",
)
def create_video_session(call: Call, caller: User, body: SessionCreate) -> SessionShape:
    """Create a video session. Nobody is in it yet."""
    session = sessions.create(call.world, caller, body.session_name, body.max_participants)
    return session_shape(call.world, session)


@endpoint("GET", "/video-sessions/sessions/active", provenance="documented")
def list_active_video_sessions(call: Call, caller: User) -> SessionList:
    """List the caller's sessions that have not ended.

    These are the sessions that they host or are in.
    """
    return _listed(call, sessions.active(call.world, caller))


@endpoint(
    "GET",
    "/video-sessions/sessions/user/{user_id}",
    provenance="documented",
    refuses=("forbidden",),
)
def list_user_video_sessions(call: Call, caller: User, user_id: str) -> SessionList:
    """List a user's sessions in any state: the caller's own, or anybody's as an admin."""
    return _listed(call, sessions.of_user(call.world, user_id, caller))


@endpoint("GET", "/video-sessions/sessions/{session_id}", provenance="documented")
def get_video_session(call: Call, _caller: User, session_id: str) -> SessionShape:
    """Read a video session, also one that has ended."""
    return session_shape(call.world, sessions.find(call.world, session_id))


@endpoint(
    "PUT",
    "/video-sessions/sessions/{session_id}",
    provenance="documented",
    refuses=("forbidden", "conflict"),
)
def update_video_session(
    call: Call, caller: User, session_id: str, body: SessionUpdate
) -> SessionShape:
    """Change a session's name or limit of participants."""
    session = sessions.find_hosted(call.world, session_id, caller)
    patch = body.patch()
    return session_shape(call.world, sessions.update(call.world, session, patch))


@endpoint(
    "DELETE",
    "/video-sessions/sessions/{session_id}",
    provenance="documented",
    refuses=("forbidden", "conflict"),
)
def end_video_session(call: Call, caller: User, session_id: str) -> None:
    """End a session: everybody is disconnected. It can still be read, as `ended`."""
    session = sessions.find_hosted(call.world, session_id, caller, admins_too=True)
    sessions.end(call.world, session)


def _listed(call: Call, page: tuple[list[VideoSession], int]) -> SessionList:
    shown, total = page
    return {"sessions": [session_shape(call.world, session) for session in shown], "total": total}
