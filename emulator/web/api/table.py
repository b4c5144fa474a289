"""The platform's operations, from all modules of this package.

Imported late: pydantic takes 80 ms.
"""

from functools import cache

from emulator.web.chat.handshakes import OPERATION as CHAT_SOCKET
from emulator.web.http.endpoint import operations_in
from emulator.web.http.router import Router

# The order in the documents.
FOLDERS = ("live", "library", "people", "chat", "audience", "video")

OPERATIONS = [
    operation for folder in FOLDERS for operation in operations_in(f"emulator.web.api.{folder}")
]
ROUTER = Router(OPERATIONS, sockets=(CHAT_SOCKET,))


@cache
def operation_names() -> frozenset[str]:
    """Return the operations as faults name them: `POST /streams`, without a slash at the end."""
    return frozenset(
        f"{operation.method} {operation.path.rstrip('/') or '/'}" for operation in OPERATIONS
    )
