"""The one way to say no. A `Refused` is an answer, not a failure: the asker is told, and goes on.

It becomes output in four places only: `web/errors`, `web/chat/socket`, the scenario runner and the
command line. Anything else that is raised is either a peer that broke its protocol (that connection
closes) or our own bug (that request fails).
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
    """A setting that cannot be: one sentence that says where it stood and what would be right."""


# A disk is not freed in a moment, and asking is cheap.
DISK_RETRY_SECONDS = 5


def disk_full(share: float = 1.0) -> Refused:
    """The refusal of everything that needs room on a disk of which `share` is in use."""
    return Refused(
        "unavailable",
        f"The disk is {share:.0%} full. Free some space, or give --data another disk.",
        reason="disk_full",
        retry_after_seconds=DISK_RETRY_SECONDS,
    )


class ProtocolError(Exception):
    """The peer broke its protocol. That one connection closes with one log line."""
