"""Callers: which web pages and which names of this server may steer it at `/_emulator/`. No I/O.

A browser says on whose behalf it asks: `Origin` (Fetch, 3.1), and `Sec-Fetch-Site` and
`Sec-Fetch-Mode` (Fetch Metadata Request Headers, 2) where there is no `Origin`. `Host` says under
which name the server was looked up: the owner of a name may point it here after the page was loaded
(DNS rebinding). An IP address is nobody's name, so it cannot be pointed elsewhere.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

# RFC 6454, 6.2, and RFC 9110, 7.2: a host and perhaps a port; a scheme in front of an origin.
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s/:@?#\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_ORIGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://" + _HOST.pattern)
_PATTERN = re.compile(r"(?:\*\.)?[^\s/:@?#\[\]*]+|\[[0-9a-f:.]+\]")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SHOWN_MAX = 100
_OTHER_SITES = ("cross-site", "same-site")


class CallerRequest(NamedTuple):
    """What a browser tells of a request. Headers that came more than once are all there."""

    method: str
    hosts: Sequence[str]
    origins: Sequence[str]
    fetch_site: str = ""
    fetch_mode: str = ""
    fetch_dest: str = ""
    referer: str = ""


class Callers:
    """`origins` and `hosts` are the settings `allow_origin` and `allow_host`: lists with commas.

    An origin is written `https://app.example.test`, or `null`; a host is a name, perhaps with a
    port. `*.` in front of a name means every name below it, and `*` alone means all. `own` are
    further names of this server. Refuses (`ValueError`, a sentence) what cannot be one.
    """

    def __init__(self, origins: str = "", hosts: str = "", own: Sequence[str] = ()) -> None:
        self._origins = [_origin_pattern(word) for word in _words(origins)]
        self._hosts = [_host_pattern(word) for word in _words(hosts)]
        self._hosts += [(name.lower().strip("[]").rstrip("."), "") for name in own if name]

    def refusal(self, request: CallerRequest) -> str | None:
        """A sentence that says why the request is refused; None where it is not.

        A request of HTTP/1.0 without a `Host` comes from no browser, and is not refused for that.
        """
        for host in request.hosts:
            if not self._is_host(host):
                return (
                    f"The host {_shown(host)} is not a name of this emulator. "
                    f"Name it with --allow-host, or ask at 127.0.0.1 or localhost"
                )
        for origin in request.origins:
            if not self._is_origin(origin, request.hosts):
                return (
                    f"Pages of {_shown(origin)} may not steer this emulator. "
                    f"Name the origin with --allow-origin"
                )
        if not request.origins and self._is_foreign(request):
            return (
                "Pages of another site may not steer this emulator. "
                "Name the site's origin with --allow-origin"
            )
        return None

    def _is_foreign(self, request: CallerRequest) -> bool:
        """Whether a request without an `Origin` was made by a page of another site."""
        if request.fetch_site.lower() not in _OTHER_SITES:
            return False
        is_link = request.fetch_mode == "navigate" and request.fetch_dest == "document"
        if is_link and request.method in ("GET", "HEAD"):
            return False  # Somebody followed a link to the console. The page it stood on sees none.
        # A page can leave this out, but cannot write another page's address into it.
        return not self._is_origin(_origin_of(request.referer), request.hosts)

    def _is_host(self, text: str) -> bool:
        host = _HOST.fullmatch(text.lower())
        if host is None:
            return False
        name = _name(host["name"])
        if _address(name) is not None or _is_local(name):
            return True
        return any(_fits(name, host["port"] or "", *pattern) for pattern in self._hosts)

    def _is_origin(self, text: str, hosts: Sequence[str]) -> bool:
        text = text.lower()
        origin = _ORIGIN.fullmatch(text)
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
    """Scheme, name and port; an empty scheme or port stands for any."""
    if word == "null":
        return ("null", "", "")
    if word == "*":
        return ("", "*", "")
    scheme, _, rest = word.rstrip("/").partition("://")
    if not rest or not _ORIGIN.fullmatch(f"{scheme}://{rest.removeprefix('*.')}"):
        raise ValueError(f"{word!r} is not an origin; write it like https://app.example.test")
    return (scheme, *_host_pattern(rest))


def _host_pattern(word: str) -> tuple[str, str]:
    """Name and port; an empty port stands for any."""
    name, _, port = word.rpartition(":") if re.search(r":[0-9]{1,5}$", word) else (word, "", "")
    if word.startswith("[") and not name.endswith("]"):  # The last part of an IPv6 address.
        name, port = word, ""
    if name != "*" and not _PATTERN.fullmatch(name):
        raise ValueError(f"{word!r} is not a host; write it like emulator or *.example.test")
    return _name(name), port


def _fits(name: str, port: str, of_name: str, of_port: str) -> bool:
    if of_port and port != of_port:
        return False
    if of_name.startswith("*."):
        return name.endswith(of_name[1:])
    return of_name in ("*", name)


def _is_same(host: str, name: str, port: str, scheme: str) -> bool:
    """Whether a `Host` is an origin's own. The scheme may be that of a proxy in front of us."""
    own = _HOST.fullmatch(host.lower())
    if own is None:
        return False
    return (_name(own["name"]), own["port"] or _DEFAULT_PORTS.get(scheme, "")) == (name, port)


def _name(text: str) -> str:
    """Without an IPv6 address's brackets, and without the dot that ends a whole name."""
    return text.strip("[]").removesuffix(".")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_local(name: str) -> bool:
    """Loopback: its addresses, and the names that mean it by RFC 6761, 6.3."""
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
    """A caller's text, short and in one line, as an answer may repeat it."""
    return ascii(text[:_SHOWN_MAX])
