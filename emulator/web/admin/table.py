"""Our own API's operations: those of all modules here. Imported late, like the platform's."""

from emulator.web.http.endpoint import operations_in
from emulator.web.http.router import Router

OPERATIONS = operations_in("emulator.web.admin")
ROUTER = Router(OPERATIONS)
