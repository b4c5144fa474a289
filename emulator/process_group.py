"""Process groups: start a child that does not get our signals, such as a terminal's Ctrl-C."""

import subprocess
import sys
from typing import TypedDict


class GroupOptions(TypedDict, total=False):
    """Arguments of `subprocess.Popen` and of asyncio's `create_subprocess_exec`."""

    creationflags: int
    start_new_session: bool


def own_group() -> GroupOptions:
    """The options that start a child as the leader of a new group."""
    if sys.platform == "win32":
        # Without this, Ctrl-C reaches every process of the console. A child in its own group gets
        # only a Ctrl-Break that is sent to that group.
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        return {"start_new_session": True}
