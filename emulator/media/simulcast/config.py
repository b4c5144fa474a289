"""SimulcastConfig: which hosts may be pushed to, and what a target may cost."""

from typing import Annotated

from msgspec import Struct

from emulator.core.hosts import Allowed
from emulator.core.setting import Duration, Flags, Named, Size, Text


class SimulcastConfig(Struct, frozen=True):
    """A server is given `answer_ms` to accept the publish."""

    hosts: Annotated[
        str,
        Text("HOSTS", True, Allowed),
        "hosts beside this machine that streams may be pushed to; *: any",
        Named("simulcast_hosts"),
        Flags.NETWORK,
    ] = ""
    answer_ms: Annotated[
        int,
        Duration("ms", 100),
        "a simulcast target that has not accepted by then is tried later",
        Named("simulcast_answer_ms"),
    ] = 10_000
    unsent_bytes_max: Annotated[
        int,
        Size(2**16, 2**30),
        "what a simulcast target has not read; over it, it is left, and tried later",
        Named("simulcast_unsent_bytes_max"),
    ] = 8 * 2**20
