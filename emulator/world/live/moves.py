"""The legal moves of a stream in one table (contract, "Lifecycle of a stream").

A move that is not in the table is refused. `ended` is final, so no row begins with it.
"""

from typing import Literal

from emulator.core.errors import Refused

Status = Literal["offline", "live", "ended"]
Move = Literal["first_key_frame", "start", "end", "media_over"]

LEGAL_MOVES: dict[tuple[Status, Move], Status] = {
    ("offline", "first_key_frame"): "live",
    # Live by the API, but without media yet: its publisher may still come.
    ("offline", "start"): "live",
    ("live", "first_key_frame"): "live",
    ("live", "end"): "ended",
    # Allowed from offline so that a user can create another stream instead.
    ("offline", "end"): "ended",
    # The publisher left and did not come back within the reconnect window.
    ("live", "media_over"): "ended",
}

_MESSAGES: dict[tuple[Status, Move], str] = {
    ("live", "start"): "Stream is already live",
    ("ended", "start"): "Stream has ended. Create a new stream to go live again.",
    ("ended", "end"): "Stream has already ended",
}


def after(status: Status, move: Move) -> Status:
    """Return the state after `move`. Refuses (`conflict`) a move that is not in the table."""
    to = LEGAL_MOVES.get((status, move))
    if to is None:
        message = _MESSAGES.get((status, move), f"A stream that is {status} cannot {move}")
        raise Refused("conflict", message, status=status)
    return to
