"""HttpsContext: TLS for an HTTPS port that also answers clients which speak plain HTTP to it.

A TLS server has no words for them: by itself it would close the connection without an answer, and
asyncio and uvloop would log nothing.
"""

import logging
import ssl
from typing import Any

log = logging.getLogger(__name__)

_TEXT = "This port takes HTTPS: use https:// (or wss://) instead of http:// (or ws://)."
_BODY = f"{_TEXT}\n".encode()
_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class _Conversation(ssl.SSLObject):
    """One connection's TLS. TLS begins with no letter (RFC 8446, 5.1), and HTTP with one."""

    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO
    _is_judged = False
    _is_plain = False

    def do_handshake(self) -> None:
        """Raise `SSLWantReadError` until the client has sent more, and for ever for plain HTTP.

        The event loop then sends the answer, and closes with the client or after its own timeout.
        """
        if not self._is_judged and self.incoming.pending:
            self._judge(self.incoming.read())
        if self._is_plain:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, _TEXT)
        super().do_handshake()

    def _judge(self, received: bytes) -> None:
        self._is_judged = True
        self._is_plain = received[:1].isalpha()
        if self._is_plain:
            log.warning("request refused reason=%s", _TEXT)
            self.outgoing.write(_ANSWER)
        else:
            self.incoming.write(received)


class HttpsContext(ssl.SSLContext):
    """A server's context. Plain HTTP gets 400 and a sentence; all else is as without it."""

    sslobject_class = _Conversation

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any
    ) -> ssl.SSLObject:
        conversation = super().wrap_bio(incoming, outgoing, *args, **options)
        assert isinstance(conversation, _Conversation)
        conversation.incoming, conversation.outgoing = incoming, outgoing
        return conversation
