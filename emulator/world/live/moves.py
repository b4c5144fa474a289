"""Which moves of a stream are legal: one table (contract, "Lifecycle of a stream").

A move that does not stand here is refused. `ended` is final, so no row begins with it.
"""

from typing import Literal

from emulator.core.errors import Refused

Status = Literal["offline", "live", "ended"]
Move = Literal["first_key_frame", "start", "end", "media_over"]

LEGAL_MOVES: dict[tuple[Status, Move], Status] = {
    ("offline", "first_key_frame"): "live",
    # The zombie: live by API, without media. Its publisher may still come.
    ("offline", "start"): "live",
    ("live", "first_key_frame"): "live",
    ("live", "end"): "ended",
    # Allowed from offline so that a user can create a stream anew.
    ("offline", "end"): "ended",
    # The publisher left and did not come back within the reconnect window.
    ("live", "media_over"): "ended",
}

_SENTENCES: dict[tuple[Status, Move], str] = {
    ("live", "start"): "Stream is already live",
    ("ended", "start"): "Stream has ended. Create a new stream to go live again.",
    ("ended", "end"): "Stream has already ended",
}


def after(status: Status, move: Move) -> Status:
    """The state that `move` leads to. Refuses (`conflict`) a move that is not in the table."""
    to = LEGAL_MOVES.get((status, move))
    if to is None:
        message = _SENTENCES.get((status, move), f"A stream that is {status} cannot {move}")
        raise Refused("conflict", message, status=status)
    return to
