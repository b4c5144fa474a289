"""WebhookConfig: where events are sent, and which hosts may be called."""

from typing import Annotated

from msgspec import Struct

from emulator.core.hosts import Allowed, check_receiver
from emulator.core.setting import Duration, Flags, Named, Text


class WebhookConfig(Struct, frozen=True):
    """`timeout_ms` counts by the machine's clock, not the world's."""

    url: Annotated[
        str,
        Text("URL", True, check_receiver),
        "webhook address for the events of every world",
        Named("webhook"),
        Flags.NETWORK,
    ] = ""
    hosts: Annotated[
        str,
        Text("HOSTS", True, Allowed),
        "additional hosts that webhooks may call; *: any",
        Named("webhook_hosts"),
        Flags.NETWORK,
    ] = ""
    timeout_ms: Annotated[
        int,
        Duration("ms", 100),
        "a webhook without an answer is tried later",
        Named("webhook_timeout_ms"),
    ] = 10_000
