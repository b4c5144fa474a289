"""The legal moves of video calls, videos and jobs, in one table each.

A move that is not in its table is refused. A state without moves is final.
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

# A deleted video no longer exists, so there is no such state.
VIDEO_MOVES: frozenset[tuple[VideoStatus, VideoStatus]] = frozenset(
    {
        ("processing", "ready"),
        ("processing", "failed"),
        # Processed again: its media changes, and it stays playable all the time.
        ("ready", "ready"),
        # The recording that it showed was deleted.
        ("ready", "failed"),
    }
)

JOB_MOVES: frozenset[tuple[JobStatus, JobStatus]] = frozenset(
    {
        ("queued", "processing"),
        # The emulator stopped, or the video was deleted, before the job was begun.
        ("queued", "failed"),
        # The emulator stopped while the job ran: it is begun again.
        ("processing", "queued"),
        ("processing", "completed"),
        ("processing", "failed"),
    }
)


def session_after(status: SessionStatus, move: SessionMove) -> SessionStatus:
    """Return the state after `move`. Refuses (`conflict`) a move that is not in the table."""
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
