"""Addresses to publish to, and the errors for servers that are missing or wrong."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.media.publisher.link import (
    PublishLink,
    PushTarget,
    Stopped,
    parse_target,
    tls_context,
)
from tests.support.tables import table
from tests.support.tls import self_signed, server_context

GUARD_SECONDS = 30


@table(
    ("url", "target"),
    [
        ("rtmp://127.0.0.1/live", PushTarget("rtmp", "127.0.0.1", 1935, "live")),
        ("rtmp://127.0.0.1:11935/live/", PushTarget("rtmp", "127.0.0.1", 11935, "live")),
        ("rtmps://media.test/live", PushTarget("rtmps", "media.test", 443, "live")),
        ("RTMP://Media.Test:1/live/two", PushTarget("rtmp", "media.test", 1, "live/two")),
        ("rtmp://[::1]:1936/live", PushTarget("rtmp", "::1", 1936, "live")),
    ],
)
def test_publish_link_address_is_a_server_and_an_application(url: str, target: PushTarget) -> None:
    assert parse_target(url) == target
    assert parse_target(target.tc_url) == target


@table(
    "url",
    [
        "",
        "127.0.0.1/live",
        "http://127.0.0.1/live",
        "rtmp://127.0.0.1",
        "rtmp:///live",
        "rtmp://127.0.0.1:port/live",
        "rtmp://127.0.0.1:70000/live",
        "rtmp://[::1/live",
    ],
)
def test_publish_link_other_text_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="invalid publish address"):
        parse_target(url)


def target_of(port: int, scheme: str = "rtmp", host: str = "127.0.0.1") -> PushTarget:
    return PushTarget(scheme, host, port, "live")


def refusal_of(target: PushTarget, ca: str = "") -> str:
    with pytest.raises(Refused) as refused:
        PublishLink(target, ca, threading.Event())
    assert refused.value.code == "unavailable"
    return refused.value.message


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that answers each connection with `answer`; gives its port.

    Strangers may connect, too: clients of a server that had this port before.
    """

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            answer(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as plug:
        thread = threading.Thread(target=plug.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield plug.server_address[1]
        finally:
            plug.shutdown()
            thread.join()


def test_publish_link_closed_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as plug:
        port = plug.getsockname()[1]
    assert (
        refusal_of(target_of(port)) == f"No server answers at 127.0.0.1:{port}: connection refused."
    )


def test_publish_link_unknown_host_is_named() -> None:
    assert refusal_of(target_of(1935, host="no.such.invalid")) == (
        "The host 'no.such.invalid' does not exist."
    )


def test_publish_link_server_without_tls_is_reported() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with server(answer) as port:
        message = refusal_of(target_of(port, "rtmps"))
    assert message.startswith(f"No TLS connection to 127.0.0.1:{port}: the TLS handshake failed")


def test_publish_link_server_that_hangs_up_on_tls_is_reported() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(1000)

    with server(answer) as port:
        message = refusal_of(target_of(port, "rtmps"))
    assert message.startswith(f"No TLS connection to 127.0.0.1:{port}: ")


def test_publish_link_certificate_not_signed_by_the_ca_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    own, other = self_signed(tmp_path), self_signed(tmp_path / "other")

    def answer(connection: socket.socket) -> None:
        with pytest.raises(ssl.SSLError):
            server_context(own).wrap_socket(connection, server_side=True)

    with server(answer) as port:
        message = refusal_of(target_of(port, "rtmps"), str(other))
    assert message == (
        f"No TLS connection to 127.0.0.1:{port}: its certificate is not trusted "
        "(self-signed certificate)."
    )


@pytest.mark.parametrize("is_known", [True, False])
def test_publish_link_certificate_of_this_machine_need_not_be_known(
    tmp_path: Path, is_known: bool
) -> None:
    pem = self_signed(tmp_path)
    received: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with server_context(pem).wrap_socket(connection, server_side=True) as tls:
            received.append(tls.recv(5))
            tls.sendall(b"world")

    with server(answer) as port:
        link = PublishLink(
            target_of(port, "rtmps"), str(pem) if is_known else "", threading.Event()
        )
        link.send(b"hello")
        assert link.receive(monotonic_ms() + 1000 * GUARD_SECONDS) == b"world"
        link.close()
    assert received == [b"hello"]


@table(
    ("host", "mode"),
    [
        ("127.0.0.1", ssl.CERT_NONE),
        ("::1", ssl.CERT_NONE),
        ("localhost", ssl.CERT_NONE),
        ("w1.localhost", ssl.CERT_NONE),
        ("192.168.1.5", ssl.CERT_REQUIRED),
        ("example.com", ssl.CERT_REQUIRED),
    ],
)
def test_publish_link_certificate_of_another_machine_is_checked(
    host: str, mode: ssl.VerifyMode
) -> None:
    context = tls_context(host, "")
    assert context.verify_mode is mode
    assert context.check_hostname is (mode is ssl.CERT_REQUIRED)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file or directory"), (b"hello", "it contains no certificate")],
)
def test_publish_link_invalid_ca_is_named(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    ca = tmp_path / "ca.pem"
    if content is not None:
        ca.write_bytes(content)
    with pytest.raises(Refused, match=f"^{ca} cannot be used as a CA: {message}.$"):
        tls_context("127.0.0.1", str(ca))


def test_publish_link_closing_server_is_noticed() -> None:
    with server(lambda _: None) as port:
        link = PublishLink(target_of(port), "", threading.Event())
        with pytest.raises(ConnectionError, match="closed the connection"):
            link.receive(monotonic_ms() + 1000 * GUARD_SECONDS)
        link.close()


def test_publish_link_wait_ends_when_it_is_stopped() -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as plug:
        link = PublishLink(target_of(plug.getsockname()[1]), "", stop)
        stop.set()
        with pytest.raises(Stopped):
            link.receive(monotonic_ms() + 1000 * GUARD_SECONDS)
        link.close()
