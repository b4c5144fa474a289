"""Dialect: which of the platform's two forms of the API a client uses (contract, README)."""

from typing import Literal

Dialect = Literal["documented", "client"]
