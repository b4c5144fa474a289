"""Dialect: which of the platform's two forms of the API a client uses (contract, README)."""

from typing import Literal

Dialect = Literal["documented", "client"]
# The prefix of each dialect's paths.
PREFIXES: dict[str, Dialect] = {"/api/v1": "documented", "/v1": "client"}
