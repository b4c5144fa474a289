"""SimulcastConfig: the hosts that may be pushed to, and the limits of a target."""

from typing import Annotated

from msgspec import Struct

from emulator.core.hosts import Allowed
from emulator.core.setting import Duration, Flags, Named, Size, Text


class SimulcastConfig(Struct, frozen=True):
    """The limits of simulcast. A server has `answer_ms` to accept the publish."""

    hosts: Annotated[
        str,
        Text("HOSTS", True, Allowed),
        "other hosts than this machine that streams may be pushed to; *: any",
        Named("simulcast_hosts"),
        Flags.NETWORK,
    ] = ""
    answer_ms: Annotated[
        int,
        Duration("ms", 100),
        "a simulcast target that has not accepted within this time is tried again later",
        Named("simulcast_answer_ms"),
    ] = 10_000
    unsent_bytes_max: Annotated[
        int,
        Size(2**16, 2**30),
        "data that a simulcast target has not read; over this it is cut off, and tried again later",
        Named("simulcast_unsent_bytes_max"),
    ] = 8 * 2**20
