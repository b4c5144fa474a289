"""The beginning of a publish on a blocking socket: connect, and be accepted."""

import socket
from urllib.parse import urlsplit

from emulator.media.publisher.rtmp_client import Accepted, Denied, RtmpClient

_PATIENCE_SECONDS = 30


def connect(url: str) -> socket.socket:
    """Open a TCP connection to the server of `url`."""
    parts = urlsplit(url)
    connection = socket.create_connection(
        (parts.hostname or "", parts.port or 1935), _PATIENCE_SECONDS
    )
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def publish(connection: socket.socket, url: str, key: str) -> RtmpClient:
    """A client whose publish the server has accepted. Raises `ConnectionError` if it does not."""
    client = RtmpClient(urlsplit(url).path.strip("/"), url, key)
    connection.sendall(client.to_send())
    while received := connection.recv(65_536):
        for event in client.receive(received):
            match event:
                case Accepted():
                    return client
                case Denied():
                    raise ConnectionError(event.message)
        connection.sendall(client.to_send())
    raise ConnectionError("the server has closed the connection")
