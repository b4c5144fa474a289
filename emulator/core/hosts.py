"""Hosts: how one is written in a URL, and which hosts the emulator may send requests to."""

import ipaddress
import re

_NAME_LENGTH_MAX = 253
# Texts, which `re` compiles with their first use: most starts read no name and no address.
# Names of containers may have underscores, which DNS does not allow.
_NAME = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?"
# No user name and password (RFC 3986, 3.2.1): they would reach the log.
_AUTHORITY = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([1-9][0-9]{0,4}))?"
HTTP_URL = rf"https?://{_AUTHORITY}(?:[/?][!-~]*)?"
# No query: a stream's key is a setting of its own.
RTMP_URL = rf"rtmps?://{_AUTHORITY}/[A-Za-z0-9._~/-]+"
# Letters of other scripts may stand in one, as in an IRI (RFC 3987); the rest is RFC 3986, 2 and 3.
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):[^\s\x00-\x20\x7f<>\"{}|\\^`]+")
_WEB_AUTHORITY = re.compile(
    r"https?://(?:[^/?#@]*@)?(\[[^/?#\]]*\]|[^/?#:]*)(?::([0-9]{0,5}))?", re.I
)
RECEIVER_LENGTH_MAX = 2_000
# The platform's host and its CDN's (contract, Media addresses), as certificates name them.
PLATFORM = (
    "api.ainative.studio",
    "*.cloudflarestream.com",
    "videodelivery.net",
    "*.videodelivery.net",
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def in_url(host: str) -> str:
    """The host as it is written in a URL: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def is_host(text: str) -> bool:
    """Whether a URL's host is a valid name (RFC 1123, 2.1) or address.

    `[::1`, `[:::]` and `a..b` are neither, and would fail only when a request is sent.
    """
    if text.startswith("["):
        try:
            return text.endswith("]") and bool(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            return False
    return len(text) <= _NAME_LENGTH_MAX and re.fullmatch(_NAME, text) is not None


def is_url(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern (`HTTP_URL`, `RTMP_URL`), with a valid host and port."""
    match = re.fullmatch(pattern, text)
    return match is not None and is_host(match[1]) and int(match[2] or 1) <= 65_535


def is_uri(text: str) -> bool:
    """Whether a text is a URI with a scheme; one of HTTP has a valid host and port."""
    scheme = _URI.fullmatch(text)
    if scheme is None or scheme[1].lower() not in {"http", "https"}:
        return scheme is not None
    match = _WEB_AUTHORITY.match(text)
    if match is None or text[match.end() :][:1] not in ("", "/", "?", "#"):
        return False
    is_port = not match[2] or 0 < int(match[2]) <= 65_535
    return is_port and (is_host(match[1]) if match[1].isascii() else True)


def check_receiver(url: str) -> None:
    """Refuse (`ValueError`, a sentence) an address that webhooks cannot be sent to."""
    if not is_url(url, HTTP_URL) or len(url) > RECEIVER_LENGTH_MAX:
        raise ValueError("A webhook's url is like http://127.0.0.1:9000/hook, without a user name")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`. A name is not resolved."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class Allowed:
    """The hosts that may be called: loopback, and a list of names, addresses and networks.

    `names` has commas between its words; `*` allows every host. Refuses (`ValueError`, a sentence)
    an invalid address or network.
    """

    def __init__(self, names: str = "") -> None:
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        words = [word.strip().lower() for word in names.split(",") if word.strip()]
        self._is_open = "*" in words
        for word in words:
            if re.fullmatch(r"[0-9./]+|[0-9a-f:./]*:[0-9a-f:./]*", word):
                self._networks.append(ipaddress.ip_network(word, strict=False))
            else:
                self._names.add(word)

    def allows(self, host: str, address: Address) -> bool:
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return (
            self._is_open
            or address.is_loopback
            or host.lower() in self._names
            or any(address in network for network in self._networks)
        )
