"""Callers: which web pages may steer the server at `/_emulator/`, and under which names. No I/O.

A browser says for which page it sends a request: by `Origin` (Fetch, 3.1), and without an `Origin`
by `Sec-Fetch-Site` and `Sec-Fetch-Mode` (Fetch Metadata Request Headers, 2). `Host` is the name by
which the server was found: the owner of a name may point it at this machine after the page was
loaded (DNS rebinding). Nobody owns an IP address as a name, so that cannot be pointed elsewhere.
"""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct

# RFC 6454, 6.2, and RFC 9110, 7.2: a host with an optional port; an origin begins with a scheme.
_HOST = r"(?P<name>\[[0-9a-f:.]+\]|[^\s/:@?#\[\]]+)(?::(?P<port>[0-9]{1,5}))?"
_ORIGIN = r"(?P<scheme>[a-z][a-z0-9+.-]*)://" + _HOST
_PATTERN = r"(?:\*\.)?[^\s/:@?#\[\]*]+|\[[0-9a-f:.]+\]"
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SHOWN_MAX = 100
_OTHER_SITES = ("cross-site", "same-site")


class CallerRequest(Struct, frozen=True):
    """The headers of a request that matter here. Repeated headers are all included."""

    method: str
    hosts: Sequence[str]
    origins: Sequence[str]
    fetch_site: str = ""
    fetch_mode: str = ""
    fetch_dest: str = ""
    referer: str = ""


class Callers:
    """The allowed origins and hosts: the settings `allow_origin` and `allow_host`.

    Both are comma-separated lists. An origin is written `https://app.example.test`, or `null`; a
    host is a name with an optional port. `*.` before a name means all names below it, `*` alone
    means all. `own` are further names of this server. Raises `ValueError` with a message for an
    invalid one.
    """

    def __init__(self, origins: str = "", hosts: str = "", own: Sequence[str] = ()) -> None:
        self._origins = [_origin_pattern(word) for word in _words(origins)]
        self._hosts = [_host_pattern(word) for word in _words(hosts)]
        self._hosts += [(name.lower().strip("[]").rstrip("."), "") for name in own if name]

    def refusal(self, request: CallerRequest) -> str | None:
        """Return why the request is refused; None if it is not.

        An HTTP/1.0 request without a `Host` does not come from a browser, and is not refused for
        that.
        """
        for host in request.hosts:
            if not self._is_host(host):
                return (
                    f"The host {_shown(host)} is not a name of this emulator. "
                    f"Allow it with --allow-host, or use 127.0.0.1 or localhost"
                )
        for origin in request.origins:
            if not self._is_origin(origin, request.hosts):
                return (
                    f"Pages of {_shown(origin)} may not steer this emulator. "
                    f"Allow the origin with --allow-origin"
                )
        if not request.origins and self._is_foreign(request):
            return (
                "Pages of another site may not steer this emulator. "
                "Allow the site's origin with --allow-origin"
            )
        return None

    def _is_foreign(self, request: CallerRequest) -> bool:
        """Whether a request without an `Origin` was made by a page of another site."""
        if request.fetch_site.lower() not in _OTHER_SITES:
            return False
        is_link = request.fetch_mode == "navigate" and request.fetch_dest == "document"
        if is_link and request.method in ("GET", "HEAD"):
            # A user followed a link to the console. The linking page cannot read the answer.
            return False
        # A page can omit `Referer`, but cannot set another page's address.
        return not self._is_origin(_origin_of(request.referer), request.hosts)

    def _is_host(self, text: str) -> bool:
        host = re.fullmatch(_HOST, text.lower())
        if host is None:
            return False
        name = _name(host["name"])
        if _address(name) is not None or _is_local(name):
            return True
        return any(_fits(name, host["port"] or "", *pattern) for pattern in self._hosts)

    def _is_origin(self, text: str, hosts: Sequence[str]) -> bool:
        text = text.lower()
        origin = re.fullmatch(_ORIGIN, text)
        if origin is None:
            return text == "null" and ("null", "", "") in self._origins
        scheme, name = origin["scheme"], _name(origin["name"])
        port = origin["port"] or _DEFAULT_PORTS.get(scheme, "")
        if _is_local(name) or any(_is_same(host, name, port, scheme) for host in hosts):
            return True
        return any(
            of_scheme in ("", scheme)
            and _fits(name, port, of_name, of_port or _DEFAULT_PORTS.get(of_scheme, ""))
            for of_scheme, of_name, of_port in self._origins
            if of_scheme != "null"
        )


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(",") if word.strip()]


def _origin_pattern(word: str) -> tuple[str, str, str]:
    """Parse an origin to scheme, name and port; an empty scheme or port means any."""
    if word == "null":
        return ("null", "", "")
    if word == "*":
        return ("", "*", "")
    scheme, _, host = word.rstrip("/").partition("://")
    if not host or not re.fullmatch(_ORIGIN, f"{scheme}://{host.removeprefix('*.')}"):
        raise ValueError(f"{word!r} is not an origin; write it like https://app.example.test")
    return (scheme, *_host_pattern(host))


def _host_pattern(word: str) -> tuple[str, str]:
    """Parse a host to name and port; an empty port means any."""
    name, _, port = word.rpartition(":") if re.search(r":[0-9]{1,5}$", word) else (word, "", "")
    if word.startswith("[") and not name.endswith("]"):  # The last part of an IPv6 address.
        name, port = word, ""
    if name != "*" and not re.fullmatch(_PATTERN, name):
        raise ValueError(f"{word!r} is not a host; write it like emulator or *.example.test")
    return _name(name), port


def _fits(name: str, port: str, of_name: str, of_port: str) -> bool:
    if of_port and port != of_port:
        return False
    if of_name.startswith("*."):
        return name.endswith(of_name[1:])
    return of_name in ("*", name)


def _is_same(host: str, name: str, port: str, scheme: str) -> bool:
    """Whether a `Host` equals an origin. The scheme may be that of a proxy before this server."""
    own = re.fullmatch(_HOST, host.lower())
    if own is None:
        return False
    return (_name(own["name"]), own["port"] or _DEFAULT_PORTS.get(scheme, "")) == (name, port)


def _name(text: str) -> str:
    """Remove an IPv6 address's brackets, and the dot at the end of a complete name."""
    return text.strip("[]").removesuffix(".")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_local(name: str) -> bool:
    """Whether a name is loopback: its addresses, and the names of RFC 6761, 6.3."""
    address = _address(name)
    if address is not None:
        return address.is_loopback
    return name == "localhost" or name.endswith(".localhost")


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _shown(text: str) -> str:
    """Return a caller's text, short and on one line, so that an answer may repeat it."""
    return ascii(text[:_SHOWN_MAX])
