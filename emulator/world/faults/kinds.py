"""All kinds of faults by name."""

from emulator.world.faults import access, api, chat, clock, ingest, media, vod, webhook
from emulator.world.faults.fault import Fault

_ALL: tuple[type[Fault], ...] = (
    api.ApiDelay,
    api.ApiFail,
    api.ApiHang,
    api.ApiCut,
    api.ApiMalform,
    api.ApiStale,
    chat.ChatDelay,
    chat.ChatDrop,
    chat.ChatRepeat,
    chat.ChatDisorder,
    chat.ChatDisconnect,
    media.MediaStall,
    media.MediaMissing,
    media.MediaTruncate,
    media.MediaSlow,
    ingest.IngestRefuse,
    ingest.IngestCut,
    ingest.IngestThrottle,
    ingest.StreamEnd,
    vod.VodFail,
    vod.VodSlow,
    webhook.WebhookFail,
    webhook.WebhookSlow,
    webhook.WebhookRepeat,
    webhook.WebhookDisorder,
    access.AuthExpire,
    access.LimitTighten,
    clock.ClockJump,
)

KINDS: dict[str, type[Fault]] = {kind_class.kind: kind_class for kind_class in _ALL}
