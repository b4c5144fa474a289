"""Mails that the platform would have sent, kept in an outbox for people and tests to read."""

from functools import partial
from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.people import MailSent
from emulator.world.people.accounts import User
from emulator.world.store.rows import read_row
from emulator.world.world import World

MailKind = Literal["magic_link", "reset_password", "verify_email"]

# Mails in the outbox; a further one removes the oldest.
MAILS_MAX = 1_000


class Mail(Struct, frozen=True):
    """One mail. `token` is the token in `link`."""

    id: str
    kind: MailKind
    address: str
    subject: str
    text: str
    link: str
    token: str
    created_at_ms: int


def send(
    world: World, user: User, kind: MailKind, *, subject: str, text: str, link: str, token: str
) -> Mail:
    """Put a mail to a user into the outbox."""
    now_ms = world.now_ms
    mail = Mail(world.ids.uuid(), kind, user.email, subject, text, link, token, now_ms)
    with world.change():
        row = world.store.insert(
            "mails",
            id=mail.id,
            user_row=user.pk,
            kind=kind,
            address=mail.address,
            subject=subject,
            text=text,
            link=link,
            token=token,
            created_at_ms=now_ms,
        )
        world.store.write("DELETE FROM mails WHERE row <= ?", row - MAILS_MAX)
        world.emit(MailSent(at_ms=now_ms, user_id=user.id, mail_id=mail.id, kind=kind))
    return mail


def page(
    world: World, *, address: str | None, kind: MailKind | None, offset: int, count: int
) -> tuple[list[Mail], int]:
    """Return one page of the outbox, newest first, and the number of mails that match."""
    conditions = ["row > 0"]
    values: list[object] = []
    if address is not None:
        conditions.append("address = ?")
        values.append(address)
    if kind is not None:
        conditions.append("kind = ?")
        values.append(kind)
    where = " AND ".join(conditions)
    rows = world.store.rows(
        f"SELECT * FROM mails WHERE {where} ORDER BY row DESC LIMIT ? OFFSET ?",
        *values,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) FROM mails WHERE {where}", *values)
    return [_mail(row) for row in rows], total


def find(world: World, mail_id: str) -> Mail:
    """Return a mail. Refuses (`not_found`) an unknown id, and that of a removed mail."""
    row = world.store.row("SELECT * FROM mails WHERE id = ?", mail_id)
    if row is None:
        raise Refused("not_found", "Mail not found")
    return _mail(row)


def clear(world: World) -> None:
    """Empty the outbox. The links of the removed mails still work."""
    with world.change():
        world.store.write("DELETE FROM mails")


_mail = partial(read_row, Mail)
