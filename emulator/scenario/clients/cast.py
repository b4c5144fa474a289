"""Cast: accounts that a scenario needs in large numbers, made when first needed."""

from emulator.core.errors import Refused
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World


def ensure_user(world: World, username: str) -> User:
    """Return the account of this name; make it if it does not exist."""
    try:
        return accounts.by_username(world, username)
    except Refused:
        return accounts.make(world, username)
