"""Which moves of a video call, a video and a job are legal: one table each.

A move that does not stand here is refused. Nothing leads out of a state that begins no row.
"""

from typing import Literal

from emulator.core.errors import Refused

SessionStatus = Literal["created", "active", "ended"]
SessionMove = Literal["join", "end"]
VideoStatus = Literal["processing", "ready", "failed"]
JobStatus = Literal["queued", "processing", "completed", "failed"]

SESSION_MOVES: dict[tuple[SessionStatus, SessionMove], SessionStatus] = {
    ("created", "join"): "active",
    ("active", "join"): "active",
    ("created", "end"): "ended",
    ("active", "end"): "ended",
}

# A deleted video is not there any more, so no state is called so.
VIDEO_MOVES: frozenset[tuple[VideoStatus, VideoStatus]] = frozenset(
    {
        ("processing", "ready"),
        ("processing", "failed"),
        # Processed anew: what is shown changes, and it can be watched all the while.
        ("ready", "ready"),
        # The recording that it showed was deleted.
        ("ready", "failed"),
    }
)

JOB_MOVES: frozenset[tuple[JobStatus, JobStatus]] = frozenset(
    {
        ("queued", "processing"),
        # The emulator stopped, or the video was deleted, before its turn came.
        ("queued", "failed"),
        # The emulator stopped meanwhile: it is begun again.
        ("processing", "queued"),
        ("processing", "completed"),
        ("processing", "failed"),
    }
)


def session_after(status: SessionStatus, move: SessionMove) -> SessionStatus:
    """The state that `move` leads to. Refuses (`conflict`) a move that is not in the table."""
    to = SESSION_MOVES.get((status, move))
    if to is None:
        raise Refused("conflict", "Session has already ended", status=status)
    return to


def check_video(status: VideoStatus, to: VideoStatus) -> None:
    """Refuse (`conflict`) a move that is not in the table."""
    if (status, to) not in VIDEO_MOVES:
        raise Refused("conflict", f"A video that is {status} cannot become {to}")


def check_job(status: JobStatus, to: JobStatus) -> None:
    """Refuse (`conflict`) a move that is not in the table."""
    if (status, to) not in JOB_MOVES:
        raise Refused("conflict", f"A job that is {status} cannot become {to}")
