"""`/video-sessions/sessions`: make, read, change and end a video session."""

from typing import Any, TypedDict

from pydantic import Field

from emulator.shapes.calls import SessionShape, session_shape
from emulator.web.api.models import Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.video import sessions
from emulator.world.video.sessions import Session


class SessionCreate(Request):
    session_name: str = Field(min_length=1, max_length=200)
    max_participants: Whole = Field(ge=2, le=50)


class SessionUpdate(Request):
    session_name: str | None = Field(None, min_length=1, max_length=200)
    max_participants: Whole | None = Field(None, ge=2, le=50)

    def patch(self) -> dict[str, Any]:
        """What was said, in the world's words; a null says nothing."""
        values = self.model_dump(exclude_none=True)
        if "max_participants" in values:
            values["participants_max"] = values.pop("max_participants")
        return values


class SessionList(TypedDict):
    sessions: list[SessionShape]
    total: int


def create(call: Call) -> SessionShape:
    """Create a video session. Nobody is in it yet."""
    wish = call.body_as(SessionCreate)
    session = sessions.create(call.world, call.user, wish.session_name, wish.max_participants)
    return session_shape(call.world, session)


def active(call: Call) -> SessionList:
    """List the caller's sessions that have not ended.

    Those that they host, and those that they are in.
    """
    return _listed(call, sessions.active(call.world, call.user))


def of_user(call: Call) -> SessionList:
    """List a user's sessions in any state: one's own, or as an admin anybody's."""
    return _listed(call, sessions.of_user(call.world, call.path["user_id"], call.user))


def read(call: Call) -> SessionShape:
    """Read a video session, also one that has ended."""
    return session_shape(call.world, sessions.find(call.world, call.path["session_id"]))


def update(call: Call) -> SessionShape:
    """Change a session's name or size."""
    session = sessions.find_hosted(call.world, call.path["session_id"], call.user)
    patch = call.body_as(SessionUpdate).patch()
    return session_shape(call.world, sessions.update(call.world, session, patch))


def end(call: Call) -> None:
    """End a session: everybody is disconnected. It can still be read, as `ended`."""
    session = sessions.find_hosted(call.world, call.path["session_id"], call.user, admins_too=True)
    sessions.end(call.world, session)


def _listed(call: Call, found: tuple[list[Session], int]) -> SessionList:
    shown, total = found
    return {"sessions": [session_shape(call.world, session) for session in shown], "total": total}


OPERATIONS = [
    Operation(
        method="POST",
        path="/video-sessions/sessions",
        auth="user",
        answer=create,
        body=SessionCreate,
        status=201,
        limit="session_creation",
        provenance="documented",
    ),
    Operation(
        method="GET",
        path="/video-sessions/sessions/active",
        auth="user",
        answer=active,
        provenance="documented",
    ),
    Operation(
        method="GET",
        path="/video-sessions/sessions/user/{user_id}",
        auth="user",
        answer=of_user,
        refuses=("forbidden", "not_found"),
        provenance="documented",
    ),
    Operation(
        method="GET",
        path="/video-sessions/sessions/{session_id}",
        auth="user",
        answer=read,
        refuses=("not_found",),
        provenance="documented",
    ),
    Operation(
        method="PUT",
        path="/video-sessions/sessions/{session_id}",
        auth="user",
        answer=update,
        body=SessionUpdate,
        refuses=("forbidden", "not_found", "conflict"),
        provenance="documented",
    ),
    Operation(
        method="DELETE",
        path="/video-sessions/sessions/{session_id}",
        auth="user",
        answer=end,
        status=204,
        refuses=("forbidden", "not_found", "conflict"),
        provenance="documented",
    ),
]
