"""Cast: accounts that a scenario needs by the dozen, made when they are first needed."""

from emulator.core.errors import Refused
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World


def ensure_user(world: World, username: str) -> User:
    """The account of this name, which is made where there is none."""
    try:
        return accounts.by_username(world, username)
    except Refused:
        return accounts.make(world, username)
