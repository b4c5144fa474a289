"""`/_emulator/outbox`: mails that the platform would have sent, with the links in them."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.pages import PageShape
from emulator.shapes.times import iso
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.auth import mails
from emulator.world.auth.mails import Mail, MailKind


class OutboxQuery(Page):
    """`to` is a mail's recipient."""

    to: str | None = Field(None, min_length=1, max_length=320)
    kind: MailKind | None = None


class MailShape(TypedDict):
    """`token` is the token in `link`."""

    id: str
    kind: MailKind
    to: str
    subject: str
    text: str
    link: str
    token: str
    sent_at: str


class MailPage(PageShape):
    mails: list[MailShape]


@endpoint("GET", "/outbox")
def list_mails(call: Call, query: OutboxQuery) -> MailPage:
    """List the mails of this world, newest first."""
    listed, total = mails.page(
        call.world, address=query.to, kind=query.kind, offset=query.offset, count=query.per_page
    )
    return {
        "mails": [_shape(mail) for mail in listed],
        **query.counts(total),
    }


@endpoint("GET", "/outbox/{mail_id}")
def get_mail(call: Call, mail_id: str) -> MailShape:
    """Read one mail of this world."""
    return _shape(mails.find(call.world, mail_id))


@endpoint("DELETE", "/outbox")
def clear_outbox(call: Call) -> None:
    """Empty the outbox. The links of its mails still work."""
    mails.clear(call.world)


def _shape(mail: Mail) -> MailShape:
    return {
        "id": mail.id,
        "kind": mail.kind,
        "to": mail.address,
        "subject": mail.subject,
        "text": mail.text,
        "link": mail.link,
        "token": mail.token,
        "sent_at": iso(mail.created_at_ms),
    }
