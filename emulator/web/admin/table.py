"""The operations of the admin API, from all modules of this package. Imported late."""

from emulator.web.http.endpoint import operations_in
from emulator.web.http.router import Router

OPERATIONS = operations_in("emulator.web.admin")
ROUTER = Router(OPERATIONS)
