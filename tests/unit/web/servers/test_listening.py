"""The sockets that the API listens on."""

import socket
from contextlib import closing

from emulator.web.servers.listening import listen


def test_listening_body_does_not_wait_for_the_acknowledgement_of_its_head() -> None:
    with (
        closing(listen("127.0.0.1", 0, with_quic=False)) as listening,
        socket.create_connection(("127.0.0.1", listening.port)),
    ):
        listening.tcp.setblocking(True)
        accepted, _ = listening.tcp.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
