"""Sockets: connections to a stream's chat, as browsers open them."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from emulator.core.errors import Refused
from emulator.scenario.clients.trust import tls_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from websockets.asyncio.client import ClientConnection

ANSWER_SECONDS = 10.0
# A room's first messages may be large; the server bounds them.
_FRAME_BYTES_MAX = 16 * 2**20


async def open_socket(
    ws: str, stream_id: str, token: str, ca: str, headers: "Mapping[str, str]"
) -> "ClientConnection":
    """Open a socket. Refuses (`unavailable`) where no server answers.

    The platform closes a socket that it refuses at once; the first read gives the code.
    """
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    address = f"{ws}/api/v1/streams/{stream_id}/chat/ws?token={quote(token, safe='')}"
    try:
        return await connect(
            address,
            proxy=None,
            compression=None,
            max_size=_FRAME_BYTES_MAX,
            open_timeout=ANSWER_SECONDS,
            additional_headers=dict(headers),
            ssl=tls_of(address, ca),
        )
    except (OSError, TimeoutError, WebSocketException) as failure:
        text = str(failure) or type(failure).__name__
        raise Refused("unavailable", f"The chat socket could not be opened: {text}.") from None
