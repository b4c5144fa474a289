"""Dialect: which of the platform's two ways of speaking a client uses (contract, README)."""

from typing import Literal

Dialect = Literal["documented", "client"]
