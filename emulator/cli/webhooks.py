"""`webhooks`: the addresses that get a world's events, and the result of each delivery."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from emulator.cli import Failed
from emulator.cli.lib.admin import Admin, add_world_flags, admin_of, answer
from emulator.cli.lib.colour import colour_of, paint
from emulator.cli.lib.logs_of import add_log_flags, clock, show
from emulator.cli.lib.plain import plain

NAME = "webhooks"
HELP = "list, add or remove webhooks; list, send or replay deliveries"
EXAMPLES = """
  live-emulator webhooks add http://127.0.0.1:9000/hook --event stream.live --event vod.ready
  live-emulator webhooks list
  live-emulator webhooks list --follow
  live-emulator webhooks send vod.ready
  live-emulator webhooks send stream.ended --body '{"uid": "0123", "data": {"title": "Made up"}}'
  live-emulator webhooks replay DELIVERY_ID
  live-emulator webhooks remove WEBHOOK_ID
"""
_PER_PAGE = 500


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|add|remove|send|replay")
    add_log_flags(verbs.add_parser("list", help="list the webhooks and their deliveries"))
    add = verbs.add_parser("add", help="send events to an address from now on")
    add.add_argument("url", metavar="URL", help="address that receives the events")
    add.add_argument(
        "--event",
        action="append",
        default=[],
        metavar="NAME",
        help="send only this event, such as vod.ready; may be repeated; default: all",
    )
    add.add_argument(
        "--secret", default="", help="secret that signs the deliveries; default: a new one"
    )
    add_world_flags(add)
    remove = verbs.add_parser("remove", help="stop sending events to an address")
    remove.add_argument("id", metavar="WEBHOOK_ID", help="id, as `webhooks list` shows it")
    add_world_flags(remove)
    send = verbs.add_parser("send", help="send a made-up event now, signed like any other")
    send.add_argument(
        "event", metavar="EVENT", help="event, such as vod.ready; an unknown event lists all"
    )
    send.add_argument(
        "--to",
        default="",
        metavar="WEBHOOK_ID",
        help="send it to this webhook only; default: all that receive the event",
    )
    send.add_argument(
        "--body",
        default="",
        metavar="JSON",
        help="fields of the event; default: those of the world's newest event of that name",
    )
    add_world_flags(send)
    replay = verbs.add_parser("replay", help="send a delivery again: same body, same id")
    replay.add_argument("id", metavar="DELIVERY_ID", help="id, as `webhooks list` shows it")
    add_world_flags(replay)


def run(args: argparse.Namespace) -> int:
    admin = admin_of(args)
    if args.verb == "list":
        return _list(args, admin)
    if args.verb == "remove":
        admin.call("DELETE", f"webhooks/{args.id}")
        return answer(args, {"removed": args.id}, [f"{args.id} is removed."])
    if args.verb == "add":
        body = {"url": args.url, "events": args.event, "secret": args.secret}
        webhook = admin.call("POST", "webhooks", body)
        return answer(args, webhook, [f"{_webhook(webhook)}  secret {webhook['secret']}"])
    if args.verb == "replay":
        delivery = admin.call("POST", f"webhooks/deliveries/{args.id}/replay")
        return answer(args, delivery, [_delivery(delivery)])
    sent = admin.call("POST", "webhooks/deliveries", _made_up(args))
    return answer(args, sent, [_delivery(delivery) for delivery in sent["deliveries"]])


def _list(args: argparse.Namespace, admin: Admin) -> int:
    shown: dict[str, int] = {}

    def read() -> Iterator[dict[str, Any]]:
        """Deliveries that are new or were tried again since the last read, oldest first."""
        fresh = [
            delivery
            for delivery in _deliveries(admin)
            if shown.get(delivery["id"]) != delivery["attempts"]
        ]
        shown.update((item["id"], item["attempts"]) for item in fresh)
        yield from reversed(fresh)

    if args.follow:
        return show(args, "deliveries", read, _delivery)
    webhooks = admin.call("GET", "webhooks")["webhooks"]
    deliveries = list(read())
    lines = [*map(_webhook, webhooks), *map(_delivery, deliveries)] or ["There is no webhook."]
    return answer(args, {"webhooks": webhooks, "deliveries": deliveries}, lines)


def _deliveries(admin: Admin) -> Iterator[dict[str, Any]]:
    """All deliveries, newest first."""
    before: int | None = None
    while True:
        query = {"limit": _PER_PAGE, "before": before}
        page = admin.call("GET", "webhooks/deliveries", query=query)
        yield from page["deliveries"]
        before = page["next_cursor"]
        if before is None:
            return


def _made_up(args: argparse.Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {"event": args.event}
    if args.to:
        body["webhook_id"] = args.to
    if args.body:
        try:
            body["body"] = json.loads(args.body)
        except ValueError as error:
            raise Failed(f"--body is not JSON: {error}.", 2) from None
    return body


def _webhook(webhook: dict[str, Any]) -> str:
    events = ", ".join(webhook["events"]) or "all events"
    return plain(f"{webhook['id']}  {webhook['url']}  {events}")


def _delivery(delivery: dict[str, Any]) -> str:
    outcome = delivery["status"] or delivery["outcome"] or ""
    state = paint(delivery["state"], colour_of(delivery["state"]))
    rest = plain(f"attempts {delivery['attempts']}  {outcome}  {delivery['id']}")
    at = paint(clock(delivery["created_at"]), "dim")
    return f"{at}  {plain(delivery['event']):20}  {state}  {rest}"
