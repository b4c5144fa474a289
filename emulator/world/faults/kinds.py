"""Every kind of fault there is, by its name."""

from emulator.world.faults import api
from emulator.world.faults.fault import Fault

_ALL: tuple[type[Fault], ...] = (
    api.ApiDelay,
    api.ApiFail,
    api.ApiHang,
    api.ApiCut,
)

KINDS: dict[str, type[Fault]] = {each.kind: each for each in _ALL}
