"""From `Settings` to what each part is told: one function a part, so that none knows another."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from emulator.chat_delivery.send_queue import SendQueueConfig
from emulator.core.errors import Refused
from emulator.core.hosts import PLATFORM, Allowed
from emulator.core.world_clock import WorldClock
from emulator.media.broadcast.broadcasts import BroadcastConfig
from emulator.media.hls.store import MediaStoreConfig
from emulator.media.ingest.config import RtmpConfig
from emulator.media.simulcast.config import SimulcastConfig
from emulator.media.track_waits import TrackWaits
from emulator.media.webrtc.config import WebRtcConfig
from emulator.platform.platform import ServiceFactory
from emulator.platform.request_log import RequestLog
from emulator.platform.seeds import MakeState, ParseSeed
from emulator.platform.worlds import WorldConfig
from emulator.settings import Settings, WrongSetting
from emulator.settings.kinds import HostNames, Ports
from emulator.web.admin.callers import Callers
from emulator.web.chat.chats import Anonymous, ChatConfig
from emulator.web.servers.config import SocketConfig
from emulator.webhooks.webhooks import WebhookConfig
from emulator.world.rules import RulesConfig
from emulator.world.webhooks import targets

_ANONYMOUS: dict[str, Anonymous] = {"dialect": "", "refuse": "refuse", "read": "read"}


def rules(settings: Settings) -> RulesConfig:
    return RulesConfig(
        streams_per_user=settings.streams_per_user,
        stream_creations_per_minute=settings.stream_creations_per_minute,
        session_creations_per_minute=settings.session_creations_per_minute,
        chat_lines_per_minute=settings.chat_lines_per_minute,
        chat_repeats_max=settings.chat_repeats_max,
        is_auth_strict=settings.strict_auth,
        is_takeover_allowed=settings.takeover,
        reconnect_window_ms=settings.reconnect_window_ms,
        vod_processing_ms=settings.vod_processing_ms,
        viewer_gone_ms=settings.viewer_gone_ms,
        viewers_max=settings.viewers_max,
        export_rows_max=settings.export_rows_max,
        clips_per_user_max=settings.clips_per_user_max,
        vod_uploads_per_user_max=settings.vod_uploads_per_user_max,
    )


def worlds(
    settings: Settings,
    make_clock: Callable[[], WorldClock],
    tasks: asyncio.TaskGroup,
    services: Sequence[ServiceFactory],
    seed_state: MakeState,
    parse_seed: ParseSeed | None = None,
) -> WorldConfig:
    return WorldConfig(
        make_clock=make_clock,
        rules=rules(settings),
        tasks=tasks,
        services=services,
        seed=settings.seed,
        seed_state=seed_state,
        parse_seed=parse_seed,
        worlds_max=settings.worlds_max,
    )


def chats(settings: Settings) -> ChatConfig:
    return ChatConfig(
        anonymous=_ANONYMOUS[settings.anonymous_chat],
        sockets_max=settings.chat_sockets_max,
        frame_bytes_max=settings.chat_frame_bytes_max,
        outbox=SendQueueConfig(
            bytes_max=settings.chat_unread_bytes_max, slow_ms=settings.chat_slow_ms
        ),
    )


def simulcasts(settings: Settings) -> SimulcastConfig:
    return SimulcastConfig(
        allowed=_allowed("simulcast_hosts", settings.simulcast_hosts),
        answer_ms=settings.simulcast_answer_ms,
        unsent_bytes_max=settings.simulcast_unsent_bytes_max,
    )


def _allowed(key: str, text: str) -> Allowed:
    try:
        return Allowed(text)
    except ValueError as error:
        raise WrongSetting(f"{key}: {error}.") from None


def webhooks(settings: Settings) -> WebhookConfig:
    if settings.webhook:
        try:
            targets.check_url(settings.webhook)
        except Refused as refusal:
            raise WrongSetting(f"webhook: {refusal.message}.") from None
    return WebhookConfig(
        urls=(settings.webhook,) if settings.webhook else (),
        allowed=_allowed("webhook_hosts", settings.webhook_hosts),
        timeout_ms=settings.webhook_timeout_ms,
    )


def callers(settings: Settings) -> Callers:
    """Who may steer `/_emulator/`, and the names that this server has of its own."""
    try:
        return Callers(
            settings.allow_origin, settings.allow_host, own=(settings.host, *settings.public_hosts)
        )
    except ValueError as error:
        raise WrongSetting(f"allow_origin, allow_host: {error}.") from None


def allowed_folders(settings: Settings) -> list[Path]:
    """Whose files a request may name."""
    names = [name.strip() for name in settings.allow_folder.split(",") if name.strip()]
    return [Path(name).expanduser().absolute() for name in names]


def request_log(settings: Settings) -> RequestLog:
    return RequestLog(
        settings.requests_kept_max, settings.requests_bytes_max, settings.request_bytes_max
    )


def sockets(settings: Settings, handles_max: int = 1_000_000) -> SocketConfig:
    """`handles_max` is what the system gives: a fifth of it is for publishers and files."""
    return SocketConfig(
        frame_bytes_max=settings.chat_frame_bytes_max,
        ping_ms=settings.chat_ping_ms,
        connections_max=min(settings.http_connections_max, max(16, handles_max * 4 // 5)),
    )


def broadcasts(settings: Settings) -> BroadcastConfig:
    return BroadcastConfig(
        part_ms=settings.part_ms,
        segment_ms=settings.segment_ms,
        renditions=settings.renditions,
        renditions_behind_ms=settings.renditions_behind_ms,
        transcode_ingest=settings.transcode_ingest,
        transcode_behind_ms=settings.transcode_behind_ms,
        transcode_end_ms=settings.transcode_end_ms,
        track_waits=TrackWaits(
            sound_wait_ms=settings.sound_wait_ms,
            promised_sound_wait_ms=settings.promised_sound_wait_ms,
            picture_wait_ms=settings.picture_wait_ms,
            promised_picture_wait_ms=settings.promised_picture_wait_ms,
            gap_wait_ms=settings.gap_wait_ms,
        ),
        media_wait_ms=settings.media_wait_ms,
        ingest_history_ms=settings.ingest_history_ms,
    )


def media_store(settings: Settings) -> MediaStoreConfig:
    return MediaStoreConfig(
        segment_ms=settings.segment_ms,
        part_ms=settings.part_ms,
        dvr_seconds=settings.dvr_ms / 1000,
        disk_limit_bytes=settings.disk_limit_bytes,
        recordings_loaded_max=settings.recordings_loaded_max,
        pending_bytes_max=settings.disk_queue_bytes_max,
    )


def rtmp(settings: Settings) -> RtmpConfig:
    return RtmpConfig(
        publishers_max=settings.publishers_max,
        connections_max=settings.rtmp_connections_max,
        message_bytes_max=settings.rtmp_message_bytes_max,
        handshake_ms=settings.rtmp_handshake_ms,
        publish_ms=settings.rtmp_publish_ms,
        first_media_ms=settings.rtmp_first_media_ms,
        idle_ms=settings.rtmp_idle_ms,
        bytes_per_second_max=settings.rtmp_bytes_per_second_max,
    )


def certificate_names(settings: Settings) -> tuple[str, ...]:
    """The hosts that the server's certificates name beside localhost."""
    others = HostNames(PLATFORM).names(settings.tls_names)
    return tuple(dict.fromkeys((settings.host, *settings.public_hosts, *others)))


def webrtc(settings: Settings) -> WebRtcConfig:
    hosts = tuple(host.strip() for host in settings.webrtc_hosts.split(",") if host.strip())
    is_everywhere = settings.host in ("0.0.0.0", "::")
    is_bound_everywhere = is_everywhere and bool(hosts)
    if not hosts and not is_everywhere:
        hosts = ("127.0.0.1" if settings.host == "localhost" else settings.host,)
    return WebRtcConfig(
        hosts=hosts,
        is_bound_everywhere=is_bound_everywhere,
        is_this_machine_only=not settings.webrtc_hosts and hosts in (("127.0.0.1",), ("::1",)),
        ports=Ports().range(settings.webrtc_ports) if settings.webrtc_ports else None,
        peers_max=settings.webrtc_peers_max,
        connecting_max=settings.webrtc_connecting_max,
        viewers_per_stream_max=settings.webrtc_viewers_per_stream_max,
        connect_ms=settings.webrtc_connect_ms,
        idle_ms=settings.webrtc_idle_ms,
        key_frame_ms=settings.segment_ms,
        bits_per_second_max=settings.webrtc_bits_per_second_max,
    )
