"""Foreign protocols: what a client speaks that an HTTP/1.1 port cannot read, and what to do."""

import re

# RFC 9110, 9.1: methods are case-sensitive, and all standard ones are in capitals.
_METHOD = re.compile(rb"\s*(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) ", re.IGNORECASE)


def name_protocol(received: bytes) -> str:
    """Return a sentence on what `received`, which is no HTTP/1.1 request, begins; empty if unknown.

    It quotes nothing of a request but its method.
    """
    if received.startswith(b"\x16\x03"):
        return "This is TLS, and the port takes plain HTTP: use http://, or start it with --tls."
    if received.startswith(b"\x03"):
        return "This is RTMP, and the port takes HTTP: publish to the RTMP port, rtmp://."
    if received.startswith(b"PRI * HTTP/2.0"):
        return "This is HTTP/2, which needs --http hypercorn: without it the port takes HTTP/1.1."
    match = _METHOD.match(received)
    if match is not None and not match[1].isupper():
        method = match[1].decode()
        return f"The method {method} is unknown: methods are in capitals, {method.upper()}."
    return ""
