"""TLS for RTMPS, without I/O: ciphertext in, plaintext out, ciphertext to send.

The event loop's own TLS is not used, because it does not report a failed handshake: here an encoder
that does not trust the certificate leaves a log line that says so, and every socket counts for
limits and timeouts from its first byte.
"""

import ssl
from contextlib import suppress
from typing import Final

from emulator.core.errors import ProtocolError

_RECORD_BYTES: Final = 16 * 1024
_HANDSHAKE_RECORD: Final = b"\x16"


def is_tls(first: bytes) -> bool:
    """Whether a connection that begins with these bytes speaks TLS (RFC 8446, 5.1)."""
    return first[:1] == _HANDSHAKE_RECORD


class TlsLayer:
    """One connection's TLS, server side.

    `is_closed_by_peer`: the peer has sent close_notify (RFC 8446, 6.1), and sends no more data.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_agreed = False
        self.is_closed_by_peer = False

    def receive(self, ciphertext: bytes) -> bytes:
        """Return the plaintext in what arrived, perhaps none.

        Raises `ProtocolError` with the reason.
        """
        self._incoming.write(ciphertext)
        try:
            if not self._is_agreed:
                self._tls.do_handshake()
                self._is_agreed = True
            return self._read()
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLError as error:
            self._is_agreed = False
            raise ProtocolError(_sentence(error)) from error

    def send(self, plaintext: bytes) -> None:
        """Encrypt. Before the handshake is complete the peer could not read it: it is dropped."""
        if self._is_agreed and plaintext:
            self._tls.write(plaintext)

    def close(self) -> None:
        """Send close_notify, so that the peer can tell a proper end from a cut connection."""
        if self._is_agreed:
            with suppress(ssl.SSLError):  # It waits for the peer's close_notify; ours is written.
                self._tls.unwrap()

    def to_send(self) -> bytes:
        """Return the ciphertext to send now. Each byte is returned once."""
        return self._outgoing.read()

    def _read(self) -> bytes:
        pieces: list[bytes] = []
        try:
            while piece := self._tls.read(_RECORD_BYTES):
                pieces.append(piece)
            self.is_closed_by_peer = True  # An empty read is the peer's close_notify.
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # The peer's close_notify after ours.
            self.is_closed_by_peer = True
        return b"".join(pieces)


def _sentence(error: ssl.SSLError) -> str:
    """A message for people. `reason` is OpenSSL's word, such as TLSV1_ALERT_UNKNOWN_CA."""
    reason = error.reason or "no reason given"
    if "ALERT" in reason and ("UNKNOWN_CA" in reason or "CERTIFICATE" in reason):
        return f"the encoder does not trust the certificate of this server ({reason})"
    return f"TLS failed ({reason})"
