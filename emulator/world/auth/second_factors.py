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
    """What somebody is shown once: the secret for their app, and the codes to keep on paper."""

    secret: str
    backup_codes: list[str]


def set_up(world: World, user: User) -> Setup:
    """Begin: a secret and backup codes, which count from the first `verify` on.

    Until then whatever was asked for before is asked for; an earlier beginning is forgotten.
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
    """Turn on what was set up, by a code of it; or just check a code of what is on.

    Refuses (`bad_request`) a wrong code, and any where nothing was set up.
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
    """Whether a code is good now. It is used up: neither it nor a backup code works twice."""
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
    """Ten hexadecimal digits with a dash in the middle, which nobody takes for an app's code."""
    digits = world.ids.octets(5).hex()
    return f"{digits[:5]}-{digits[5:]}"
