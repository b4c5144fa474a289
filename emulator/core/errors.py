"""Errors: the one way to refuse. A `Refused` is an answer to the caller, not a failure.

It becomes output in four places only: `web/errors`, `web/chat/socket`, the scenario runner and the
command line. Any other exception means that a peer broke its protocol (its connection closes) or
that we have a bug (that request fails).
"""

from typing import Any, Literal

Code = Literal[
    "bad_request",
    "unauthorized",
    "forbidden",
    "not_found",
    "conflict",
    "invalid",
    "too_large",
    "rate_limited",
    "unsupported",
    "wrong_type",
    "upgrade_required",
    "unavailable",
]


class Refused(Exception):
    """`code` is for programs, `message` for people, `details` for both (plain JSON values)."""

    def __init__(self, code: Code, message: str, /, **details: Any) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message
        self.details = details


class WrongSetting(Exception):
    """An invalid setting, as one sentence: where it was set, and what would be valid."""


# Nobody frees a disk in less, and a retry is cheap.
DISK_RETRY_SECONDS = 5


def disk_full(share: float = 1.0) -> Refused:
    """The refusal of a write to a disk of which `share` (0 to 1) is in use."""
    return Refused(
        "unavailable",
        f"The disk is {share:.0%} full. Free some space, or give --data another disk.",
        reason="disk_full",
        retry_after_seconds=DISK_RETRY_SECONDS,
    )


class ProtocolError(Exception):
    """The peer broke its protocol. That one connection closes with one log line."""
