"""The TLS layer against OpenSSL's own client, without a socket."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError
from emulator.media.ingest.wire.rtmp_tls import TlsLayer, is_tls
from tests.support.tls import client_context, self_signed, server_context


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def context(pem: Path) -> ssl.SSLContext:
    return server_context(pem)


class Client:
    """A TLS client whose bytes go through memory."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="127.0.0.1")

    def shake_hands(self, server: TlsLayer, piece_bytes: int = 1 << 20) -> None:
        for _ in range(4):
            with suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            for piece in pieces(self.outgoing.read(), piece_bytes):
                assert server.receive(piece) == b""
            self.incoming.write(server.to_send())

    def says(self, plaintext: bytes) -> bytes:
        self.tls.write(plaintext)
        return self.outgoing.read()


def pieces(stream: bytes, size: int) -> Iterator[bytes]:
    return (stream[at : at + size] for at in range(0, len(stream), size))


@pytest.mark.parametrize("piece_bytes", [1, 7, 1 << 20])
def test_rtmp_tls_client_data_arrives_in_any_pieces(
    pem: Path, context: ssl.SSLContext, piece_bytes: int
) -> None:
    server, client = TlsLayer(context), Client(client_context(pem))
    client.shake_hands(server, piece_bytes)
    message = bytes(range(256)) * 300
    ciphertext = client.says(message)
    assert b"".join(server.receive(piece) for piece in pieces(ciphertext, piece_bytes)) == message


def test_rtmp_tls_server_data_is_readable(pem: Path, context: ssl.SSLContext) -> None:
    server, client = TlsLayer(context), Client(client_context(pem))
    client.shake_hands(server)
    server.send(b"answer")
    client.incoming.write(server.to_send())
    assert client.tls.read(100) == b"answer"


def test_rtmp_tls_server_close_differs_from_a_cut(pem: Path, context: ssl.SSLContext) -> None:
    server, client = TlsLayer(context), Client(client_context(pem))
    client.shake_hands(server)
    server.send(b"last")
    server.close()
    client.incoming.write(server.to_send())
    assert client.tls.read(100) == b"last"
    assert client.tls.read(100) == b""  # After a cut it would wait for more (SSLWantReadError).


def test_rtmp_tls_client_close_is_no_error(pem: Path, context: ssl.SSLContext) -> None:
    server, client = TlsLayer(context), Client(client_context(pem))
    client.shake_hands(server)
    last = client.says(b"last")
    with suppress(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert server.receive(last) == b"last"
    was_closed = server.is_closed_by_peer
    assert server.receive(client.outgoing.read()) == b""
    assert (was_closed, server.is_closed_by_peer) == (False, True)
    server.close()


def test_rtmp_tls_encoder_that_does_not_trust_the_certificate_is_named(
    context: ssl.SSLContext,
) -> None:
    # Given a client that trusts nobody,
    server, client = TlsLayer(context), Client(client_context(None))
    with suppress(ssl.SSLWantReadError):
        client.tls.do_handshake()
    server.receive(client.outgoing.read())
    client.incoming.write(server.to_send())

    # when it aborts the handshake,
    with pytest.raises(ssl.SSLCertVerificationError):
        client.tls.do_handshake()

    # then the server knows the reason, and can close a connection that never opened.
    with pytest.raises(ProtocolError, match="does not trust the certificate"):
        server.receive(client.outgoing.read())
    server.send(b"nobody reads this")
    server.close()


def test_rtmp_tls_plain_connection_is_known_by_its_first_byte(context: ssl.SSLContext) -> None:
    assert is_tls(b"\x16\x03\x01")
    assert not is_tls(b"\x03\x00\x00\x00\x00")
    with pytest.raises(ProtocolError, match="TLS failed"):
        TlsLayer(context).receive(b"\x03\x00\x00\x00\x00")


def test_rtmp_tls_data_before_the_handshake_is_dropped(context: ssl.SSLContext) -> None:
    server = TlsLayer(context)
    server.send(b"nobody could read this")
    server.close()
    assert server.to_send() == b""


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_rtmp_tls_any_bytes_are_tls_or_a_peer_error(
    context: ssl.SSLContext, garbage: list[bytes]
) -> None:
    server = TlsLayer(context)
    with suppress(ProtocolError):
        for piece in [b"\x16\x03\x01", *garbage]:
            server.receive(piece)
