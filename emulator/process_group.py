"""Process groups: children that do not hear what is sent to ours, as Ctrl-C in a terminal."""

import subprocess
import sys
from typing import TypedDict


class GroupOptions(TypedDict, total=False):
    """Arguments of `subprocess.Popen` and of asyncio's `create_subprocess_exec`."""

    creationflags: int
    start_new_session: bool


def own_group() -> GroupOptions:
    """How to start a child that leads a group of its own."""
    if sys.platform == "win32":
        # Without it Ctrl-C would reach every process of the console. Such a child hears Ctrl-Break
        # alone, and only when that is sent to its group.
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        return {"start_new_session": True}
