"""Names: checks that the operation and the webhook event that a fault names exist."""

import difflib
from collections.abc import Callable, Collection

from emulator.world.faults.api import ApiFault
from emulator.world.faults.fault import Fault
from emulator.world.faults.webhook import WebhookFault
from emulator.world.webhooks.targets import KINDS as WEBHOOKS


def unknown_name(fault: Fault, operations: Callable[[], Collection[str]]) -> str | None:
    """Return a sentence on a name that does not exist, so that nothing would strike; else None.

    `operations` returns the API's operations, such as `POST /streams`; it is only called for a
    fault that names one, because that imports the whole API.
    """
    if isinstance(fault, ApiFault) and fault.operation:
        # HEAD is answered by the operation of GET.
        name = fault.operation.replace("HEAD ", "GET ", 1)
        return _unless_known("operation", name, operations())
    if isinstance(fault, WebhookFault) and fault.event:
        return _unless_known("webhook", fault.event, WEBHOOKS)
    return None


def _unless_known(noun: str, name: str, known: Collection[str]) -> str | None:
    if name in known:
        return None
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"There is no {noun} {name[:80]!r}.{hint}"
