"""Settings: every port, rule and bound, documented where declared. Frozen plain values, no I/O.

Inside, durations are whole milliseconds and sizes whole bytes, and the name says so; `key` is the
name people write (a flag, a variable, a line of the settings file) where that is another.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

from emulator.core.errors import WrongSetting
from emulator.core.hosts import PLATFORM
from emulator.machine.places import default_folder
from emulator.settings.kinds import (
    PORT,
    Choice,
    Count,
    Duration,
    File,
    Flag,
    Folder,
    HostNames,
    Kind,
    Ports,
    Size,
    Text,
    Url,
    Words,
)

T = TypeVar("T")

# How help groups the flags.
Group = Literal["common", "media", "network", "limits"]

MEMORY = ":memory:"


class Declared(NamedTuple):
    """One setting: `attribute` in `Settings`, `key` for people."""

    attribute: str
    key: str
    kind: Kind
    help: str
    is_flag: bool
    group: "Group"

    @property
    def flag(self) -> str:
        return "--" + self.key.replace("_", "-")

    @property
    def variable(self) -> str:
        return "LIVE_EMULATOR_" + self.key.upper()


def _setting(
    default: T,
    kind: Kind,
    help: str,
    *,
    key: str = "",
    is_flag: bool = True,
    group: Group = "limits",
) -> T:
    """Declare a setting. `is_flag` says whether `serve` has a flag for it; file and variable do."""
    payload = {"kind": kind, "help": help, "key": key, "is_flag": is_flag, "group": group}
    return field(default=default, metadata=payload)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One emulator's settings. Refuses (`WrongSetting`) invalid values, also in pairs."""

    # Where it listens.
    host: str = _setting(
        "127.0.0.1", Text("HOST"), "address to listen on; 0.0.0.0 for everyone", group="common"
    )
    port: int = _setting(
        8787, PORT, "port of the API and of playback; 0 lets the system choose", group="common"
    )
    rtmp_port: int = _setting(1935, PORT, "port for RTMP; 0 lets the system choose", group="common")
    rtmps_port: int = _setting(
        1936, PORT, "port for RTMP over TLS; 0 lets the system choose", group="common"
    )
    http: str = _setting(
        "uvicorn",
        Choice(("uvicorn", "hypercorn")),
        "HTTP server; hypercorn adds HTTP/2, and HTTP/3 with --tls",
        group="network",
    )
    tls: bool = _setting(
        False, Flag(), "serve the API over HTTPS only, with the built-in CA", group="network"
    )
    rtmps_cert: Path | None = _setting(  # noqa: RUF009 -- a field, and its default is None
        None,
        File(),
        "certificate for TLS (PEM, with its chain) instead of the built-in CA's",
        group="network",
    )
    rtmps_key: Path | None = _setting(  # noqa: RUF009 -- a field, and its default is None
        None, File(), "private key of --rtmps-cert (PEM)", group="network"
    )
    tls_names: str = _setting(
        "",
        HostNames(PLATFORM),
        "other hosts that the certificates name; platform: those of the platform and its CDN",
        group="network",
    )
    public_url: str = _setting(
        "",
        Url(("http", "https")),
        "where others reach this server: in every address, and a name of its certificates",
        group="network",
    )
    public_rtmp_url: str = _setting(
        "",
        Url(("rtmp",), has_path=True),
        "where others publish by RTMP; none: the host of --public-url, with --rtmp-port",
        group="network",
    )
    public_rtmps_url: str = _setting(
        "",
        Url(("rtmps",), has_path=True),
        "where others publish by RTMPS; none: the host of --public-url, with --rtmps-port",
        group="network",
    )
    media_base: str = _setting(
        "",
        Text("URL", True),
        "address in front of media paths instead of the server's own",
        group="media",
    )

    # What it keeps.
    data: str = _setting(
        "",
        Folder((MEMORY,)),
        f"folder for facts, media and the CA; {MEMORY} keeps nothing",
        group="common",
    )
    seed: str = _setting(
        "default", Text("default|none|FILE"), "what a fresh world begins with", group="common"
    )
    import_file: Path | None = _setting(  # noqa: RUF009 -- a field, and its default is None
        None,
        File(),
        "world file to begin with instead of the seed; only on a new data folder",
        key="import",
        group="common",
    )
    export_on_exit: Path | None = _setting(  # noqa: RUF009 -- a field, and its default is None
        None, File(), "file to write the default world to when the emulator stops", group="common"
    )
    ready_file: Path | None = _setting(  # noqa: RUF009 -- a field, and its default is None
        None,
        File(),
        "file to write the addresses to, as JSON, once everything listens",
        group="common",
    )
    disk_limit_bytes: int = _setting(
        0, Size(), "most that media may take; 0 for all of the disk", key="disk_limit"
    )

    # The platform's rules.
    streams_per_user: int = _setting(1, Count(), "streams not ended a user may have; 0: no limit")
    strict_auth: bool = _setting(False, Flag(), "refuse ak_auto_<name> keys of unknown users")
    takeover: bool = _setting(
        False, Flag(), "a second publisher with a key replaces the first", group="media"
    )
    reconnect_window_ms: int = _setting(
        10_000,
        Duration("s"),
        "how long a stream waits for a publisher that dropped",
        key="reconnect_window",
        group="media",
    )
    stream_creations_per_minute: int = _setting(
        10, Count(), "streams a user may create in a minute; 0: no limit", is_flag=False
    )
    session_creations_per_minute: int = _setting(
        10, Count(), "video sessions a user may create in a minute; 0: no limit", is_flag=False
    )
    chat_lines_per_minute: int = _setting(
        120, Count(), "lines a user may say in a minute; 0: no limit", is_flag=False
    )
    chat_repeats_max: int = _setting(
        5, Count(), "equal lines a user may say in half a minute; 0: no limit", is_flag=False
    )
    anonymous_chat: str = _setting(
        "dialect",
        Choice(("dialect", "refuse", "read")),
        "chat sockets without a token: as each dialect has it, refused, or read only",
    )
    viewer_gone_ms: int = _setting(
        15_000, Duration("ms", 1_000), "silence after which a viewer has left", is_flag=False
    )
    viewers_max: int = _setting(
        100_000, Count(1), "real viewers a stream; more are served and not counted", is_flag=False
    )
    vod_processing_ms: int = _setting(
        1_000, Duration("ms"), "how long a VOD is `processing` at least", is_flag=False
    )

    webhook: str = _setting(
        "", Text("URL", True), "webhook address for the events of every world", group="network"
    )
    simulcast_hosts: str = _setting(
        "",
        Text("HOSTS", True),
        "hosts beside this machine that streams may be pushed to; *: any",
        group="network",
    )
    webhook_hosts: str = _setting(
        "",
        Text("HOSTS", True),
        "hosts beside this machine that webhooks may call; *: any",
        group="network",
    )

    # Media.
    segment_ms: int = _setting(
        2_000,
        Duration("s", 500, 10_000),
        "a segment ends at the first key frame after this",
        key="segment_seconds",
        group="media",
    )
    part_ms: int = _setting(
        200, Duration("ms", 50, 2_000), "length of a low latency part", group="media"
    )
    dvr_ms: int = _setting(
        0,
        Duration("s"),
        "how far back live viewers can seek; 0: to the start",
        key="dvr_seconds",
        group="media",
    )

    # WebRTC.
    webrtc_hosts: str = _setting(
        "",
        Text("HOST,...", True),
        "addresses at which WebRTC peers reach this machine; none: as host says",
        group="network",
    )
    webrtc_ports: str = _setting(
        "", Ports(), "UDP ports for WebRTC, FIRST-LAST; none: the system chooses", group="network"
    )
    stun_port: int = _setting(
        0, PORT, "UDP port of the built-in STUN server; 0 lets the system choose", is_flag=False
    )

    renditions: tuple[str, ...] = _setting(
        (),
        Words(("720p", "480p", "360p", "240p", "144p", "1080p")),
        "sizes to make of each live stream as well, of those smaller than it",
        group="media",
    )

    transcode_ingest: bool = _setting(
        False,
        Flag(),
        "decode what HLS cannot carry (MP3, Speex, Sorenson H.263, 4:4:4 ...) and encode it as AAC "
        "or H.264; off: refuse it, as the platform does",
        group="media",
    )

    # Access, and the log.
    admin_token: str = _setting(
        "",
        Text("TOKEN", True),
        "bearer token that /_emulator/ asks for; none: open",
        group="network",
    )
    allow_origin: str = _setting(
        "",
        Text("ORIGIN,...", True),
        "origins beside this machine's whose pages may ask at /_emulator/; *: any",
        group="network",
    )
    allow_host: str = _setting(
        "",
        Text("HOST,...", True),
        "names beside localhost by which /_emulator/ may be asked; *: any",
        group="network",
    )
    allow_folder: str = _setting(
        "",
        Text("DIR,...", True),
        "folders whose files a request to /_emulator/ may name: seeds, films of scenarios",
        group="network",
    )
    log_format: str = _setting(
        "text", Choice(("text", "json")), "how log lines are written", group="common"
    )

    # Bounds. Each overflow has a named outcome, said here.
    publishers_max: int = _setting(
        200, Count(1, 10_000), "publishers at once; the next one is refused", is_flag=False
    )
    rtmp_connections_max: int = _setting(
        400, Count(1, 20_000), "RTMP sockets at once; the next one is closed", is_flag=False
    )
    rtmp_message_bytes_max: int = _setting(
        8 * 2**20, Size(2**16, 2**28), "an RTMP message; a longer one closes", is_flag=False
    )
    rtmp_handshake_ms: int = _setting(
        10_000,
        Duration("ms", 100),
        "from connecting to the handshake's end, or closed",
        is_flag=False,
    )
    rtmp_publish_ms: int = _setting(
        10_000, Duration("ms", 100), "from the handshake to a publish, or closed", is_flag=False
    )
    rtmp_first_media_ms: int = _setting(
        10_000, Duration("ms", 100), "from a publish to its first media, or closed", is_flag=False
    )
    rtmp_idle_ms: int = _setting(
        30_000,
        Duration("ms", 100),
        "a publisher without media for this long is closed",
        is_flag=False,
    )
    rtmp_bytes_per_second_max: int = _setting(
        12_500_000, Size(10_000, 2**32), "a publisher's rate; a faster one is slowed", is_flag=False
    )
    chat_sockets_max: int = _setting(
        20_000, Count(1, 1_000_000), "chat sockets of a world; the next is refused", is_flag=False
    )
    chat_frame_bytes_max: int = _setting(
        16 * 1024, Size(256, 2**20), "a client's chat frame; a larger one closes", is_flag=False
    )
    chat_unread_bytes_max: int = _setting(
        2**20, Size(2**16, 2**28), "what a chat reader has not taken; over it, 1013", is_flag=False
    )
    chat_slow_ms: int = _setting(
        10_000, Duration("ms", 100), "a chat reader that takes nothing: 1013", is_flag=False
    )
    chat_ping_ms: int = _setting(
        20_000,
        Duration("ms", 100),
        "how often a chat socket is pinged; without an answer as long, it is gone",
        is_flag=False,
    )
    webrtc_peers_max: int = _setting(
        300, Count(1, 10_000), "WebRTC peers at once; the next one gets 503", is_flag=False
    )
    webrtc_connecting_max: int = _setting(
        64, Count(1, 10_000), "of them not connected yet; the next one gets 503", is_flag=False
    )
    webrtc_viewers_per_stream_max: int = _setting(
        100, Count(1, 10_000), "WHEP viewers of a stream; the next one gets 503", is_flag=False
    )
    webrtc_connect_ms: int = _setting(
        10_000,
        Duration("ms", 100),
        "from an offer to the DTLS handshake's end, or closed",
        is_flag=False,
    )
    webrtc_idle_ms: int = _setting(
        10_000,
        Duration("ms", 1_000),
        "a WebRTC peer silent for this long is closed",
        is_flag=False,
    )
    webrtc_bits_per_second_max: int = _setting(
        8_000_000,
        Count(100_000, 1_000_000_000),
        "the bit rate that a WHIP publisher is asked for",
        is_flag=False,
    )
    simulcast_answer_ms: int = _setting(
        10_000,
        Duration("ms", 100),
        "a simulcast target that has not accepted by then is tried later",
        is_flag=False,
    )
    simulcast_unsent_bytes_max: int = _setting(
        8 * 2**20,
        Size(2**16, 2**30),
        "what a simulcast target has not read; over it, it is left, and tried later",
        is_flag=False,
    )
    webhook_timeout_ms: int = _setting(
        10_000, Duration("ms", 100), "a webhook without an answer is tried later", is_flag=False
    )
    disk_queue_bytes_max: int = _setting(
        16 * 2**20,
        Size(2**20, 2**32),
        "a recording's unwritten media; over it, it ends",
        is_flag=False,
    )
    media_wait_ms: int = _setting(
        15_000,
        Duration("ms", 500),
        "how long a playlist that is asked for waits for a live stream's first segment",
        is_flag=False,
    )
    renditions_behind_ms: int = _setting(
        3_000,
        Duration("ms", 500),
        "how far renditions may fall behind; then the largest is given up",
        is_flag=False,
    )
    transcode_behind_ms: int = _setting(
        3_000,
        Duration("ms", 500),
        "how far transcode_ingest may fall behind; then pictures are left out to a key frame",
        is_flag=False,
    )
    transcode_end_ms: int = _setting(
        10_000,
        Duration("ms", 1),
        "how long transcode_ingest may go on once a publisher has left; then pictures are left out,"
        " and after as long again whatever is left",
        is_flag=False,
    )
    sound_wait_ms: int = _setting(
        500,
        Duration("ms", 1),
        "how long a stream waits for sound after its first key frame, and then begins without",
        is_flag=False,
    )
    promised_sound_wait_ms: int = _setting(
        2_000,
        Duration("ms", 1),
        "sound_wait_ms, where the publisher has announced sound",
        is_flag=False,
    )
    picture_wait_ms: int = _setting(
        4_000,
        Duration("ms", 1),
        "how long a stream waits for a picture after its first sound, and then begins without",
        is_flag=False,
    )
    promised_picture_wait_ms: int = _setting(
        10_000,
        Duration("ms", 1),
        "picture_wait_ms, where the publisher has announced a picture",
        is_flag=False,
    )
    gap_wait_ms: int = _setting(
        500,
        Duration("ms", 100),
        "how long a track may stop while the other goes on; then silence, or the last key frame, "
        "fills the gap",
        is_flag=False,
    )
    recordings_loaded_max: int = _setting(
        64, Count(1, 10_000), "finished recordings kept ready in memory", is_flag=False
    )
    http_connections_max: int = _setting(
        30_000,
        Count(1, 1_000_000),
        "HTTP connections and WebSockets at once, and four fifths of the file handles at most; "
        "the next one gets 503",
        is_flag=False,
    )
    pictures_at_once_max: int = _setting(
        2, Count(1, 64), "uploaded pictures decoded at once; others wait", is_flag=False
    )
    worlds_max: int = _setting(
        1_000, Count(1, 100_000), "worlds at once; the next one is refused", is_flag=False
    )
    snapshots_max: int = _setting(
        100, Count(1, 10_000), "snapshots of a world; the next one is refused", is_flag=False
    )
    clips_per_user_max: int = _setting(
        1_000, Count(1, 1_000_000), "clips a user may have; the next gets 409", is_flag=False
    )
    vod_uploads_per_user_max: int = _setting(
        10_000, Count(1, 1_000_000), "VODs a user may upload; the next gets 409", is_flag=False
    )
    ingest_history_ms: int = _setting(
        600_000,
        Duration("s", 1_000, 86_400_000),
        "ingest health kept of a live stream, 20 bytes a second; over it, the oldest go",
        key="ingest_history",
        is_flag=False,
    )
    requests_kept_max: int = _setting(
        10_000, Count(1, 1_000_000), "requests kept in the request log", is_flag=False
    )
    requests_bytes_max: int = _setting(
        64 * 2**20,
        Size(2**16, 2**36),
        "memory for the request log; over it, the oldest entries go",
        is_flag=False,
    )
    request_bytes_max: int = _setting(
        16 * 2**10,
        Size(2**8, 2**24),
        "memory for a request's body in the log, its query, its answer; the rest is cut",
        is_flag=False,
    )
    export_rows_max: int = _setting(
        10_000,
        Count(1, 10_000_000),
        "rows of a kind in an account's export; the rest is said to be missing",
        is_flag=False,
    )
    body_bytes_max: int = _setting(
        2**20, Size(1024, 2**30), "a request's body; a larger one gets 413", is_flag=False
    )
    upload_bytes_max: int = _setting(
        2**31, Size(1024, 2**40), "an uploaded video; a larger one gets 413", is_flag=False
    )

    def __post_init__(self) -> None:
        if not self.data:
            object.__setattr__(self, "data", str(default_folder()))
        for declared in DECLARED:
            try:
                declared.kind.check(getattr(self, declared.attribute))
            except ValueError as refusal:
                raise WrongSetting(f"{declared.key}: {refusal}.") from None
        self._check_pairs()

    def _check_pairs(self) -> None:
        if (self.rtmps_cert is None) != (self.rtmps_key is None):
            raise WrongSetting("rtmps_cert and rtmps_key go together: give both or neither.")
        if self.part_ms * 2 > self.segment_ms:
            raise WrongSetting(
                f"part_ms: {self.part_ms} is too long for segments of {self.segment_ms} ms; "
                "at least two parts must fit into one."
            )
        ports = [port for port in (self.port, self.rtmp_port, self.rtmps_port) if port]
        if len(ports) != len(set(ports)):
            raise WrongSetting("port, rtmp_port and rtmps_port must differ, or be 0.")

    @property
    def public_hosts(self) -> tuple[str, ...]:
        """The hosts, without ports, by which others reach this server, as the settings say."""
        urls = (self.public_url, self.public_rtmp_url, self.public_rtmps_url)
        hosts = [urlsplit(url).hostname or "" for url in urls if url]
        return tuple(dict.fromkeys(hosts))

    @property
    def is_in_memory(self) -> bool:
        """Nothing outlives the process: facts in memory, media in a folder that is removed."""
        return self.data == MEMORY


DECLARED: tuple[Declared, ...] = tuple(
    Declared(
        attribute=item.name,
        key=item.metadata["key"] or item.name,
        kind=item.metadata["kind"],
        help=item.metadata["help"],
        is_flag=item.metadata["is_flag"],
        group=item.metadata["group"],
    )
    for item in fields(Settings)
)
