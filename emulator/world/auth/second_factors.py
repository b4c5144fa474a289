"""Second factors: codes of an authenticator app, and backup codes for a lost phone."""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.people import SecondFactorTurnedOn
from emulator.world.auth import totp
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.world import World

BACKUP_CODES = 10


class Setup(Struct, frozen=True):
    """The secret for the user's app, and the backup codes on paper; shown once."""

    secret: str
    backup_codes: list[str]


def set_up(world: World, user: User) -> Setup:
    """Create a secret and backup codes; they take effect at the first `verify`.

    Until then an earlier second factor stays in force. An earlier set-up without `verify` is
    dropped.
    """
    secret = totp.secret_text(world.ids.octets(totp.SECRET_BYTES))
    codes = [_backup_code(world) for _ in range(BACKUP_CODES)]
    with world.change():
        world.store.write("DELETE FROM second_factors WHERE user_row = ? AND is_on = 0", user.pk)
        row = world.store.insert("second_factors", user_row=user.pk, secret=secret)
        for code in codes:
            world.store.write("INSERT INTO backup_codes VALUES (?, ?)", row, code)
    return Setup(secret, codes)


def verify(world: World, user: User, code: str) -> None:
    """Turn on the new second factor by one of its codes, or just check a code of the current one.

    Refuses (`bad_request`) a wrong code, and any code if nothing was set up.
    """
    row = _factor(world, user, is_on=False)
    step = None if row is None else _step(world, row, code)
    if row is not None and step is not None:
        with world.change():
            world.store.write(
                "DELETE FROM second_factors WHERE user_row = ? AND is_on = 1", user.pk
            )
            world.store.update("second_factors", row["row"], is_on=True, last_step=step)
            world.store.update("users", user.pk, is_mfa_enabled=True)
            world.emit(SecondFactorTurnedOn(at_ms=world.now_ms, user_id=user.id))
    elif not use(world, user, code):
        raise Refused("bad_request", "Invalid verification code")


def use(world: World, user: User, code: str) -> bool:
    """Whether a code is valid now. It is used up: no code and no backup code works twice."""
    row = _factor(world, user, is_on=True)
    if row is None:
        return False
    step = _step(world, row, code)
    if step is not None:
        with world.change():
            world.store.update("second_factors", row["row"], last_step=step)
        return True
    values = (row["row"], code.strip().lower())
    where = "FROM backup_codes WHERE factor_row = ? AND code = ?"
    if world.store.row(f"SELECT 1 {where}", *values) is None:
        return False
    with world.change():
        world.store.write(f"DELETE {where}", *values)
    return True


def _factor(world: World, user: User, *, is_on: bool) -> Row | None:
    return world.store.row(
        "SELECT * FROM second_factors WHERE user_row = ? AND is_on = ?", user.pk, is_on
    )


def _step(world: World, factor: Row, code: str) -> int | None:
    return totp.step_of(factor["secret"], code, world.now_ms, factor["last_step"])


def _backup_code(world: World) -> str:
    """Make a code of ten hexadecimal digits with a dash: no app makes such codes."""
    digits = world.ids.octets(5).hex()
    return f"{digits[:5]}-{digits[5:]}"
