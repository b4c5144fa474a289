"""SDP: reads a WebRTC peer's offer (RFC 8866, RFC 9429), as far as an answering server needs it.

Pure. A text that is not an offer is refused (`bad_request`) with the reason; unknown lines are
ignored, as RFC 8866, 5 requires.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from msgspec import Struct, field

from emulator.core.errors import Refused

MediaKind = Literal["audio", "video", "application"]
Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Setup = Literal["actpass", "active", "passive"]

SECTIONS_MAX = 256
CANDIDATES_MAX = 32
_LINES_MAX = 20_000
_KINDS: Mapping[str, MediaKind] = {
    "audio": "audio",
    "video": "video",
    "application": "application",
}
_DIRECTIONS: Mapping[str, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "sendonly",
    "recvonly": "recvonly",
    "inactive": "inactive",
}
_SETUPS: Mapping[str, Setup] = {"actpass": "actpass", "active": "active", "passive": "passive"}
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
# RFC 8839, 5.4: the characters of ICE credentials, and their lengths.
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){19,63}", re.ASCII)
# RFC 8866, 5: a type of one letter, and its value.
_LINE = re.compile(r"[a-z]=[^\x00-\x08\x0a-\x1f\x7f]+")
# RFC 8839, 5.1: foundation, component, transport, priority, address, port, type.
_CANDIDATE = re.compile(
    r"[A-Za-z0-9+/]{1,32} [0-9]{1,3} [A-Za-z0-9-]+ [0-9]{1,10} [^ ]+ [0-9]{1,5} typ [a-z]+",
    re.ASCII,
)
_MID = re.compile(r"[\x21-\x7e]{1,32}", re.ASCII)


class Format(NamedTuple):
    """One payload type: its `name` in lowercase, its fmtp `parameters`, and its `feedback`."""

    payload_type: int
    name: str
    clock_rate: int
    parameters: Mapping[str, str]
    feedback: frozenset[str]


class Section(Struct, frozen=True):
    """One m-line. `has_port` is False where the peer has disabled it.

    `ssrcs` are in the order of the text; `extensions` are header extensions by their URI.
    """

    kind: MediaKind
    protocol: str
    mid: str
    direction: Direction
    has_port: bool
    formats: tuple[Format, ...]
    codes: tuple[str, ...]
    extensions: Mapping[str, int]
    ssrcs: tuple[int, ...]
    label: str


class Remote(Struct, frozen=True):
    """The peer's side of the transport: how to reach it, and how it proves its identity."""

    ufrag: str
    password: str
    setup: Setup
    fingerprints: tuple[tuple[str, str], ...]
    candidates: tuple[str, ...]
    is_lite: bool


class Offer(Struct, frozen=True):
    sections: tuple[Section, ...]
    remote: Remote


class _Block(Struct):
    """The lines below one m-line, or before the first one."""

    head: str = ""
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    def first(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


def parse(text: str) -> Offer:
    """Read an offer.

    Refuses (`bad_request`) an invalid one, and one without an address or a fingerprint of the peer.
    """
    session, blocks = _blocks(text)
    if not blocks:
        raise Refused("bad_request", "This is not an SDP offer: it has no media.")
    if len(blocks) > SECTIONS_MAX:
        raise Refused("bad_request", f"An offer has at most {SECTIONS_MAX} media sections.")
    sections = tuple(_section(block, session, index) for index, block in enumerate(blocks))
    mids = [section.mid for section in sections]
    if len(set(mids)) < len(mids):
        raise Refused("bad_request", "Two media sections of this offer have the same mid.")
    groups = [value.split() for value in session.all("group")]
    bundle = {mid for words in groups if words[:1] == ["BUNDLE"] for mid in words[1:]}
    if len(sections) > 1 and not all(
        section.mid in bundle for section in sections if section.has_port
    ):
        raise Refused("bad_request", "Offer everything over one transport: a BUNDLE group.")
    return Offer(sections, _remote(session, blocks))


class Fragment(NamedTuple):
    """An addition to an offer by trickle ICE. `ufrag` is None where it is missing."""

    ufrag: str | None
    candidates: tuple[str, ...]


def parse_fragment(text: str) -> Fragment:
    """Read a trickle ICE fragment (RFC 8840, 9). Refuses (`bad_request`) any other text."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _LINES_MAX or not all(_LINE.fullmatch(line) for line in lines):
        raise Refused(
            "bad_request", "This is not a trickle ICE fragment: its lines are a=..., m=...."
        )
    attributes = [line[2:].partition(":") for line in lines if line.startswith("a=")]
    texts = [value.strip() for name, _, value in attributes if name == "candidate"]
    candidates = tuple(text for text in texts if _CANDIDATE.match(text))
    ufrags = {value.strip() for name, _, value in attributes if name == "ice-ufrag"}
    # Browsers mark the end with an empty candidate (WebRTC 1.0, 4.8.2).
    is_end = "" in texts or any(name == "end-of-candidates" for name, _, _ in attributes)
    if len(ufrags) > 1:
        raise Refused("bad_request", "This trickle ICE fragment has two ICE sessions (ice-ufrag).")
    if not (candidates or is_end or (ufrags and not texts)):
        raise Refused(
            "bad_request",
            "This trickle ICE fragment has neither a valid candidate (RFC 8839, 5.1) nor "
            "a=end-of-candidates.",
        )
    return Fragment(next(iter(ufrags), None), candidates[:CANDIDATES_MAX])


def _blocks(text: str) -> tuple[_Block, list[_Block]]:
    session = block = _Block()
    blocks: list[_Block] = []
    lines = text.splitlines()
    if not lines or lines[0].strip() != "v=0" or len(lines) > _LINES_MAX:
        raise Refused("bad_request", "This is not an SDP offer: it does not begin with v=0.")
    for line in lines:
        if line.startswith("m="):
            block = _Block(line[2:].strip())
            blocks.append(block)
        elif line.startswith("a="):
            name, _, value = line[2:].strip().partition(":")
            block.attributes.append((name, value.strip()))
    return session, blocks


def _section(block: _Block, session: _Block, index: int) -> Section:
    words = block.head.split()
    if len(words) < 4 or words[0] not in _KINDS or not words[1].isascii():
        raise Refused("bad_request", f"Media section {index} of this offer is malformed.")
    names = [name for name, _ in (*block.attributes, *session.attributes)]
    texts = [_DIRECTIONS[name] for name in names if name in _DIRECTIONS]
    direction: Direction = texts[0] if texts else "sendrecv"
    mid = block.first("mid")
    if mid is None or not _MID.fullmatch(mid):
        raise Refused("bad_request", f"Media section {index} of this offer has no mid.")
    return Section(
        kind=_KINDS[words[0]],
        protocol=words[2],
        mid=mid,
        direction=direction,
        has_port=words[1] != "0" or block.first("bundle-only") is not None,
        formats=_formats(block, words[3:]) if words[0] != "application" else (),
        codes=tuple(words[3:]),
        extensions=_extensions(block),
        ssrcs=_ssrcs(block),
        label=(block.first("msid") or "")[:200],
    )


def _formats(block: _Block, codes: list[str]) -> tuple[Format, ...]:
    """Read the formats, in the peer's order of preference."""
    named: dict[str, tuple[str, int]] = {}
    for value in block.all("rtpmap"):
        code, _, text = value.partition(" ")
        name, _, rate = text.strip().partition("/")
        digits = _NUMBER.match(rate)
        if name and digits:
            named[code] = (name.lower(), int(digits[0]))
    parameters = {
        code: _parameters(text)
        for code, _, text in (value.partition(" ") for value in block.all("fmtp"))
    }
    feedback: dict[str, set[str]] = {}
    for value in block.all("rtcp-fb"):
        code, _, text = value.partition(" ")
        feedback.setdefault(code, set()).add(text.strip())
    everywhere = feedback.get("*", set())
    return tuple(
        Format(
            int(code),
            *named[code],
            parameters.get(code, {}),
            frozenset(feedback.get(code, set()) | everywhere),
        )
        for code in codes
        if code in named and _NUMBER.fullmatch(code) and int(code) < 128
    )


def _parameters(text: str) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in text.split(";"))
    return {name.lower(): value for name, _, value in pairs if name}


def _extensions(block: _Block) -> dict[str, int]:
    values: dict[str, int] = {}
    for value in block.all("extmap"):
        number, _, address = value.partition(" ")
        number = number.partition("/")[0]
        # One byte headers have ids up to 14 (RFC 8285, 4.2); others are not supported.
        if _NUMBER.fullmatch(number) and 0 < int(number) < 15:
            values[address.split(" ")[0]] = int(number)
    return values


def _ssrcs(block: _Block) -> tuple[int, ...]:
    values: dict[int, None] = {}
    for value in block.all("ssrc"):
        number = value.partition(" ")[0]
        if _NUMBER.fullmatch(number) and int(number) < 1 << 32:
            values[int(number)] = None
    return tuple(values)[:8]


def _remote(session: _Block, blocks: list[_Block]) -> Remote:
    """Read ICE and DTLS of the bundle: from its first section, or else from the session."""
    ordered = [blocks[0], session, *blocks[1:]]

    def first(name: str) -> str:
        return next((value for block in ordered if (value := block.first(name)) is not None), "")

    ufrag, password, setup = first("ice-ufrag"), first("ice-pwd"), first("setup")
    fingerprints = tuple(
        (algorithm.lower(), digest)
        for block in (blocks[0], session)
        for algorithm, _, digest in (value.partition(" ") for value in block.all("fingerprint"))
        if _FINGERPRINT.fullmatch(digest)
    )
    if not _UFRAG.fullmatch(ufrag) or not _PASSWORD.fullmatch(password):
        raise Refused("bad_request", "This offer has no ICE credentials (ice-ufrag, ice-pwd).")
    if not fingerprints or setup not in _SETUPS:
        raise Refused("bad_request", "This offer has no DTLS fingerprint, or no setup role.")
    candidates = dict.fromkeys(value for block in ordered for value in block.all("candidate"))
    return Remote(
        ufrag=ufrag,
        password=password,
        setup=_SETUPS[setup],
        fingerprints=fingerprints[:8],
        candidates=tuple(candidates)[:CANDIDATES_MAX],
        is_lite=session.first("ice-lite") is not None,
    )
