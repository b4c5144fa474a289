"""The platform's operations: those of all modules here. Imported late: pydantic costs 80 ms."""

from emulator.web.http.endpoint import operations_in
from emulator.web.http.router import Router

# Documents show them in this order.
FOLDERS = ("live", "library", "people", "chat", "audience", "video")

OPERATIONS = [
    operation for folder in FOLDERS for operation in operations_in(f"emulator.web.api.{folder}")
]
ROUTER = Router(OPERATIONS)
