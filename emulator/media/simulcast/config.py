"""SimulcastConfig: which hosts may be pushed to, and what a target may cost."""

from msgspec import Struct

from emulator.core.hosts import Allowed


class SimulcastConfig(Struct, frozen=True):
    """`allowed`: hosts that may be called. A server is given `answer_ms` to accept the publish.

    One that leaves `unsent_bytes_max` unread is too slow, and is left.
    """

    allowed: Allowed
    answer_ms: int = 10_000
    unsent_bytes_max: int = 8 * 2**20
