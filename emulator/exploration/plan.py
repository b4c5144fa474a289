"""Plan: the file of one run's faults (`world/faults/plans`): read, written, said in a sentence."""

import json
from pathlib import Path
from typing import Any

import yaml

from emulator.core.errors import Refused
from emulator.core.quantities import duration_text
from emulator.world.faults.fault import values_of
from emulator.world.faults.kinds import KINDS
from emulator.world.faults.plans import MOMENT, parse
from emulator.world.faults.reading import OPTIONS
from emulator.world.faults.values import duration

_BYTES_MAX = 64 * 1024
# `{kind: {name: value}, "times": 1, "at": "StreamWentLive"}`: one fault as it is written.
Written = dict[str, Any]


def read_file(path: Path) -> list[Written]:
    """A plan from a YAML file, as it is written. Refuses (`invalid`) with the file's name."""
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES_MAX + 1)
    except OSError as error:
        raise Refused("invalid", f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > _BYTES_MAX:
        raise Refused("invalid", f"{path}: a plan has at most {_BYTES_MAX // 1024} KiB.")
    try:
        written = yaml.load(content, Loader=yaml.CSafeLoader)
        # Neither dates nor cycles: what is not JSON is no plan.
        written = json.loads(json.dumps(written))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise Refused("invalid", f"{path} is not a plan in YAML: {reason}.") from None
    try:
        parse(written)
    except Refused as refused:
        raise Refused("invalid", f"{path}: {refused.message}") from None
    entries: list[Written] = written["faults"] if isinstance(written, dict) else written
    return entries


def check_names(path: Path, plan: list[Written]) -> None:
    """Refuse (`invalid`) operations and webhooks that there are not, which nothing would strike.

    Apart from `read_file`, for it imports the whole API.
    """
    from emulator.web.api.table import operation_names
    from emulator.world.faults.names import unknown_name

    for number, planned in enumerate(parse(plan), 1):
        if message := unknown_name(planned.request.fault, operation_names):
            raise Refused("invalid", f"{path}: fault {number}: {message[0].lower()}{message[1:]}")


def as_yaml(plan: list[Written], heading: str) -> str:
    """A file that `exec --faults` reads, with a comment in front."""
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    content = yaml.safe_dump({"faults": plan}, sort_keys=False, allow_unicode=True, width=100)
    return comment + str(content)


def kind_of(entry: Written) -> str:
    """Its kind of fault."""
    return next(name for name in entry if name in KINDS)


def sentence(plan: list[Written]) -> str:
    """A plan for people: `POST /streams/ answered 503 once`."""
    return ", and ".join(map(_phrase, plan)) or "no fault"


def _phrase(entry: Written) -> str:
    kind = kind_of(entry)
    values = entry[kind] or {}
    usual = KINDS[kind]().values()
    template = _PHRASES.get(kind)
    shown = {**usual, **values}
    # The words for a value that is not given.
    place = values.get("operation") or values.get("path") or "every call"
    what = values.get("what") or "media"
    event = values.get("event") or "every webhook"
    if values.get("done"):
        template = "`{place}` took effect, but answered {status}"
    if "answers" in values:
        template = "`{place}` answered {answers} in turn"
        shown["answers"] = ", ".join(map(str, values["answers"]))
    text = (template or kind).format_map({**shown, "place": place, "what": what, "event": event})
    return f"{text}{_often(entry)}{_when(entry)}"


def _often(entry: Written) -> str:
    times, skip = entry.get("times"), entry.get("skip")
    kind = kind_of(entry)
    text = ""
    is_twice = kind in ("chat.repeat", "webhook.repeat") and times == 1
    if kind not in _ONCE and not is_twice and "answers" not in (entry[kind] or {}):
        text = " each time" if not times else " once" if times == 1 else f" {times} times"
    if skip:
        text += f", not the first {skip}" if skip > 1 else ", not the first"
    if entry.get("for"):
        text += f" for {entry['for']}"
    return text


def _when(entry: Written) -> str:
    after = f"{duration_text(duration(entry['after']))} " if entry.get("after") else ""
    if entry.get("at"):
        nth = f" ({entry['nth']}.)" if entry.get("nth", 1) > 1 else ""
        return f", {after}after {entry['at']}{nth}"
    return f", {after}after the start" if after else ""


# These strike when they begin, so that nobody asks how often.
_ONCE = ("clock.jump", "auth.expire", "media.stall", "ingest.throttle", "limit.tighten")
_PHRASES = {
    "api.fail": "`{place}` answered {status}",
    "api.delay": "`{place}` answered {delay} late",
    "api.hang": "`{place}` did not answer for {most}",
    "api.cut": "the connection of `{place}` was cut in the middle of the answer",
    "api.malform": "`{place}` answered broken JSON",
    "api.stale": "`{place}` answered with outdated data",
    "chat.delay": "a chat message came {delay} late",
    "chat.drop": "a chat message was lost",
    "chat.repeat": "a chat message came twice",
    "chat.disorder": "chat messages came in another order",
    "chat.disconnect": "the chat socket was closed with {code}",
    "media.stall": "playlists stood still",
    "media.missing": "a {what} was not there",
    "media.truncate": "a {what} ended too early",
    "media.slow": "media came at {kbits} kbit/s",
    "ingest.refuse": "the publisher was refused",
    "ingest.cut": "the publisher was cut off",
    "ingest.throttle": "the publisher was read at {kbits} kbit/s",
    "stream.end": "the stream ended",
    "vod.fail": "the recording failed",
    "vod.slow": "the recording took {delay} longer",
    "webhook.fail": "the webhook `{event}` failed with {status}",
    "webhook.slow": "the webhook `{event}` came {delay} late",
    "webhook.repeat": "the webhook `{event}` came twice",
    "webhook.disorder": "the webhook `{event}` came after the next one",
    "auth.expire": "access tokens expired",
    "limit.tighten": "the rate limit was {per_minute} a minute",
    "clock.jump": "the clock jumped by {by}",
}
# The fields next to a kind in a plan.
NAMES = (*OPTIONS, *MOMENT)


def takes(kind: str, name: str) -> bool:
    """Whether faults of this kind have such a value."""
    return any(value.written == name for value in values_of(KINDS[kind]).values())
