"""Settings: the values that people may set: the server's own, and the config of each part.

Frozen plain values, without I/O. Each part declares its own config (`core/setting`). Durations are
whole milliseconds and sizes whole bytes, as their names say.
"""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from emulator.core.errors import WrongSetting
from emulator.core.hosts import PLATFORM
from emulator.core.setting import PORT, Choice, Flag, Flags, Named, Setting, Text, setting_of
from emulator.machine.places import default_folder
from emulator.media.broadcast.config import BroadcastConfig
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.ingest.config import RtmpConfig
from emulator.media.simulcast.config import SimulcastConfig
from emulator.media.webrtc.config import WebRtcConfig
from emulator.platform.config import PlatformConfig, RequestLogConfig
from emulator.settings.kinds import File, Folder, HostNames, Url
from emulator.web.admin.callers import Callers
from emulator.web.chat.config import ChatConfig
from emulator.web.servers.config import SocketConfig
from emulator.webhooks.config import WebhookConfig
from emulator.world.rules import RulesConfig

MEMORY = ":memory:"


class Settings:
    """One emulator's settings: its own, and the config of each part. They do not change.

    `Settings(port=0, rtmp_idle_ms=500)` takes each setting by its name, whatever part it belongs
    to; the others have their defaults. Refuses (`WrongSetting`) an invalid value, and values that
    do not go together.
    """

    host: Annotated[
        str, Text("HOST"), "address to listen on; 0.0.0.0 for everyone", Flags.COMMON
    ] = "127.0.0.1"
    port: Annotated[
        int, PORT, "port of the API and of playback; 0 lets the system choose", Flags.COMMON
    ] = 8787
    rtmp_port: Annotated[int, PORT, "port for RTMP; 0 lets the system choose", Flags.COMMON] = 1935
    rtmps_port: Annotated[
        int, PORT, "port for RTMP over TLS; 0 lets the system choose", Flags.COMMON
    ] = 1936
    http: Annotated[
        str,
        Choice(("uvicorn", "hypercorn")),
        "HTTP server; hypercorn adds HTTP/2, and HTTP/3 with --tls",
        Flags.NETWORK,
    ] = "uvicorn"
    tls: Annotated[
        bool, Flag(), "serve the API over HTTPS only, with the built-in CA", Flags.NETWORK
    ] = False
    rtmps_cert: Annotated[
        Path | None,
        File(),
        "certificate for TLS (PEM, with its chain) instead of the built-in CA's",
        Flags.NETWORK,
    ] = None
    rtmps_key: Annotated[
        Path | None, File(), "private key of --rtmps-cert (PEM)", Flags.NETWORK
    ] = None
    tls_names: Annotated[
        str,
        HostNames(PLATFORM),
        "more host names for the certificates; platform: those of the platform and its CDN",
        Flags.NETWORK,
    ] = ""
    public_url: Annotated[
        str,
        Url(("http", "https")),
        "URL by which others reach this server, used in all addresses and certificates",
        Flags.NETWORK,
    ] = ""
    public_rtmp_url: Annotated[
        str,
        Url(("rtmp",), has_path=True),
        "where others publish by RTMP; none: the host of --public-url, with --rtmp-port",
        Flags.NETWORK,
    ] = ""
    public_rtmps_url: Annotated[
        str,
        Url(("rtmps",), has_path=True),
        "where others publish by RTMPS; none: the host of --public-url, with --rtmps-port",
        Flags.NETWORK,
    ] = ""
    media_base: Annotated[
        str,
        Url(("http", "https"), has_path=True),
        "address in front of media paths instead of the server's own",
        Flags.MEDIA,
    ] = ""
    data: Annotated[
        str,
        Folder((MEMORY,)),
        f"folder for the database, media and the CA; {MEMORY} keeps nothing",
        Flags.COMMON,
    ] = ""
    seed: Annotated[
        str, Text("default|none|FILE"), "what a fresh world begins with", Flags.COMMON
    ] = "default"
    import_file: Annotated[
        Path | None,
        File(),
        "world file to begin with instead of the seed; only on a new data folder",
        Named(key="import"),
        Flags.COMMON,
    ] = None
    export_on_exit: Annotated[
        Path | None,
        File(),
        "file to write the default world to when the emulator stops",
        Flags.COMMON,
    ] = None
    ready_file: Annotated[
        Path | None,
        File(),
        "file to write the addresses to, as JSON, once everything listens",
        Flags.COMMON,
    ] = None
    stun_port: Annotated[
        int, PORT, "UDP port of the built-in STUN server; 0 lets the system choose"
    ] = 0
    admin_token: Annotated[
        str,
        Text("TOKEN", True),
        "bearer token that /_emulator/ asks for; none: open",
        Flags.NETWORK,
    ] = ""
    allow_origin: Annotated[
        str,
        Text("ORIGIN,...", True, Callers),
        "additional origins whose pages may call /_emulator/; *: any",
        Flags.NETWORK,
    ] = ""
    allow_host: Annotated[
        str,
        Text("HOST,...", True, lambda text: Callers(hosts=text)),
        "additional host names by which /_emulator/ may be called, besides localhost; *: any",
        Flags.NETWORK,
    ] = ""
    allow_folder: Annotated[
        str,
        Text("DIR,...", True),
        "folders whose files a request to /_emulator/ may name: seeds, films of scenarios",
        Flags.NETWORK,
    ] = ""
    log_format: Annotated[
        str, Choice(("text", "json")), "how log lines are written", Flags.COMMON
    ] = "text"
    platform: PlatformConfig
    requests: RequestLogConfig
    rules: RulesConfig
    media: MediaStoreConfig
    broadcasts: BroadcastConfig
    rtmp: RtmpConfig
    webrtc: WebRtcConfig
    sockets: SocketConfig
    chat: ChatConfig
    webhooks: WebhookConfig
    simulcasts: SimulcastConfig

    def __init__(self, **values: Any) -> None:
        unknown = values.keys() - {setting.name for setting in SETTINGS}
        if unknown:
            raise TypeError(f"there is no setting {min(unknown)}")
        vars(self).update(_configured(Settings, values))
        if not self.data:
            vars(self)["data"] = str(default_folder())
        for setting in SETTINGS:
            try:
                setting.kind.check(self.value_of(setting))
            except ValueError as refusal:
                raise WrongSetting(f"{setting.key}: {refusal}.") from None
            except (TypeError, AttributeError):  # A program passed "8787" for a port.
                value = self.value_of(setting)
                text = f"{setting.key}: {value!r} is a {type(value).__name__}, which it cannot be."
                raise WrongSetting(text) from None
        self._check_pairs()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a setting does not change: {name}. `changed` makes a copy")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def _values(self) -> tuple[object, ...]:
        return tuple(self.value_of(setting) for setting in SETTINGS)

    def value_of(self, setting: Setting) -> Any:
        return attrgetter(setting.field)(self)

    def changed(self, **values: Any) -> "Settings":
        """A copy with other values. Refuses (`WrongSetting`) what `Settings` refuses."""
        return Settings(**{setting.name: self.value_of(setting) for setting in SETTINGS} | values)

    def _check_pairs(self) -> None:
        if (self.rtmps_cert is None) != (self.rtmps_key is None):
            raise WrongSetting("rtmps_cert and rtmps_key go together: give both or neither.")
        part_ms, segment_ms = self.media.part_ms, self.media.segment_ms
        if part_ms * 2 > segment_ms:
            raise WrongSetting(
                f"part_ms: {part_ms} is too long for segments of {segment_ms} ms; "
                "at least two parts must fit into one."
            )
        ports = [port for port in (self.port, self.rtmp_port, self.rtmps_port) if port]
        if len(ports) != len(set(ports)):
            raise WrongSetting("port, rtmp_port and rtmps_port must differ, or be 0.")

    @property
    def public_hosts(self) -> tuple[str, ...]:
        """The hosts, without ports, by which clients reach this server."""
        urls = (self.public_url, self.public_rtmp_url, self.public_rtmps_url)
        hosts = [urlsplit(url).hostname or "" for url in urls if url]
        return tuple(dict.fromkeys(hosts))

    @property
    def certificate_names(self) -> tuple[str, ...]:
        """The hosts that the server's certificates name in addition to localhost."""
        others = HostNames(PLATFORM).names(self.tls_names)
        return tuple(dict.fromkeys((self.host, *self.public_hosts, *others)))

    @property
    def allowed_folders(self) -> list[Path]:
        """The folders whose files a request may name."""
        names = [name.strip() for name in self.allow_folder.split(",") if name.strip()]
        return [Path(name).expanduser().absolute() for name in names]

    @property
    def is_in_memory(self) -> bool:
        """Whether nothing is kept: facts are in memory, media in a folder that is removed."""
        return self.data == MEMORY


def _is_config(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Struct)


def _configured(config: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a config: its fields in `values`, and the configs that it contains."""
    fields = {}
    for field, annotation in config.__annotations__.items():
        setting = setting_of(field, annotation)
        if setting and setting.name in values:
            fields[field] = values[setting.name]
        elif _is_config(annotation):
            fields[field] = annotation(**_configured(annotation, values))
    return fields


def _settings_of(config: type, place: str = "") -> Iterator[Setting]:
    """The settings of a config, each with its path in `Settings`, such as `rtmp.idle_ms`."""
    for field, annotation in config.__annotations__.items():
        setting = setting_of(field, annotation)
        if setting:
            yield replace(setting, field=place + field)
        elif _is_config(annotation):
            yield from _settings_of(annotation, f"{place}{field}.")


SETTINGS: tuple[Setting, ...] = tuple(_settings_of(Settings))
