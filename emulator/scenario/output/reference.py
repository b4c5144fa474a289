"""The page docs/reference/scenarios.md, made from the code of the language (`make docs`)."""

from collections.abc import Iterable

from emulator.scenario.actions import registry
from emulator.scenario.actions.action import Action
from emulator.scenario.actions.expect import Expect
from emulator.scenario.facts import conditions
from emulator.scenario.facts import registry as facts
from emulator.scenario.generators.lines import POOLS
from emulator.scenario.language import happenings
from emulator.scenario.output.schema import WORD_SCHEMAS

EXAMPLES_FRAME = """scenario: Example
world:
  users: [{name: ada}, {name: bob, tenant: studio}, {name: cleo}]
  streams:
    - {name: launch, owner: ada, title: Launch night}
    - {name: other, owner: cleo, title: Late show}
timeline:
"""

_HEAD = """# Scenarios

Made from the code of the language by `make docs`; a test keeps it up to date. [Replay a
scenario](../how-to/qa.md) shows how to begin.

A file says `scenario` (its name), `about`, `seed`, `params`, `lasts` (`10m` at least, or
`forever`), `begins` (`2026-03-06` or `2026-03-06T18:00:00Z`: the time of the run's own world at
the start), `world`, `timeline`, `expect`, `throughout` and `never`. It is YAML 1.2 without tags,
of at most 1 MiB, 10,000 steps and 100 aliases. Keys that begin with `x-`, at the top and in a
step, are not read: they are a place for anchors, which `<<: *name` merges into a map.

## Values

Durations `250ms 10s 2h30m 1d`, rates `200/s 30/min 5/h`, shares `30%`, sizes `1280x720`, bit
rates `800k 6M`. `$name` is a parameter; `0.95 * $peak` and `$length + 10s` are computed; in any
other text, `$name` is replaced and `$$` is a dollar. How long viewers stay is `fixed(10m)`,
`uniform(2m, 1h)`, `normal(10m, 3m)` or `lognormal(8m, 1.0)`. Curves are `linear`, `step`,
`surge`, `bell`, `sawtooth`.

A parameter has a `type` (`integer number duration rate share text boolean`), a `default` (without
one it must be given), `min`, `max` and `help`.

Streams are named by the file's own names, by an id, or as `{owner: NAME}`. An entry of
`world.streams` with `existing: {owner: NAME}` gives a name to a stream that already exists.
`world.rules` sets the platform's rules while the scenario plays.

`include: other.yaml` in a timeline inserts another file's steps, world and expectations; `at`
moves its times, `with` gives its parameters. Files are read from the scenario's folder and its
subfolders.

## Steps

A step has one action, and those of these words that it needs. Without `at`, `after` and `on`, it
begins when the step above has ended.

| word | |
|---|---|
"""


FACTS_EXAMPLE = """scenario: Requests and webhooks
begins: 2026-03-06T18:00:00Z
x-quiet: &quiet {rate: 2/s, authors: 5}
world:
  users: [{name: ada}, {name: bob}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
  - publish.start: launch
  - throughout: {stream.launch.has_publisher: true}
    for: 10s
  - at: 1s
    chat.flood: {<<: *quiet, stream: launch}
    for: 5s
  - chat.say: {stream: launch, by: bob, says: Buy this!}
  - if: {chat.launch.lines: {where: {says: {contains: Buy}}, above: 0}}
    chat.delete: {stream: launch, says: Buy this!}
  - {name: slow, on: {chat.deleted: {stream: launch}}, required: true, chat.clear: launch}
  - chat.ban: {stream: launch, user: bob, time_out: 10m}
  - http.request: {path: /api/v1/streams/?status=live, status: 200}
  - expect: {requests.count: {where: {method: GET, status: 200}, is: 1}}
    within: 10s
expect:
  - chat.launch.lines: {where: {by: bob, deleted: true}, is: 1}
    chat.launch.timeouts: {where: {user: bob}, is: 1}
    events.chat.deleted: {where: {stream: launch}, is: 1}
    step.slow.turns: 1
    webhooks.deliveries: 0
    run.weekday: friday
  - chat.launch.lines: {where: {by: {not: bob}}, above: 0}
never:
  chat.launch.lost: {above: 0}
"""
_WHERE = f"""
Facts that count things take `where`, with names and conditions, and count the things that meet all
of them.
`expect`, `throughout` and `never` take a map of facts, or a list of maps. `throughout` and `never`
are checked whenever an event happens. This scenario shows all of it
([why](../decisions/0021-scenarios-count-with-where-and-watch-at-events.md)):

```yaml
{FACTS_EXAMPLE}```
"""


def markdown() -> str:
    """The whole page."""
    words = "".join(
        f"| `{word}` | {payload.get('description', 'When this event happens, with a filter.')} |\n"
        for word, payload in _words()
    )
    return _HEAD + words + _actions() + _facts() + _conditions() + _events() + _pools()


def _words() -> Iterable[tuple[str, dict[str, str]]]:
    from emulator.scenario.language.step_words import WORDS

    return ((word, WORD_SCHEMAS.get(word, {})) for word in WORDS)


def _actions() -> str:
    names = [
        "\n## Actions\n\nEach example runs as it is written here, in this scenario, with a file"
        f" `lines.txt` in its folder:\n\n```yaml\n{EXAMPLES_FRAME}```\n"
    ]
    noun = ""
    for name, action in registry.every().items():
        if name.partition(".")[0] != noun:
            noun = name.partition(".")[0]
            names.append(f"\n### {noun}\n")
        names.append(_action(action))
    return "".join(names)


def _action(action: type[Action]) -> str:
    text = " ".join((action.__doc__ or "").split())
    arguments = ", ".join(
        f"`{field.alias or name}`{'' if field.is_required() else '?'}"
        for name, field in action.model_fields.items()
    )
    lasting = " Takes `for`." if action.may_last and not action.must_last else ""
    lasting = " Needs `for`." if action.must_last else lasting
    takes = "" if issubclass(action, Expect) else f" Arguments: {arguments}."
    shown = "".join(f"- {step}\n" for step in (*action.before, action.example))
    return f"\n**`{action.name}`**: {text}{lasting}{takes}\n\n```yaml\n{shown}```\n"


def _facts() -> str:
    names = [
        "\n## Facts\n\nWhat `expect`, `throughout`, `never` and `if` can ask for.\n\n"
        "| path | kind | |\n|---|---|---|\n"
    ]
    for name, noun in facts.nouns().items():
        for last, fact in noun.facts.items():
            path = {"event": f"{name}.EVENT", "saved": f"{name}.NAME", "none": f"{name}.{last}"}
            shown = path.get(noun.middle, f"{name}.NAME.{last}")
            picked = ", ".join(f"`{name}`" for name in fact.filters)
            where = f"; `where`: {picked}" if picked else ""
            names.append(f"| `{shown}` | {fact.kind} | {fact.help}{where} |\n")
    return "".join(names) + _WHERE


def _conditions() -> str:
    rows = "".join(f"| `{word}` | {text} |\n" for word, text in conditions.WORDS.items())
    return (
        "\n## Conditions\n\nA plain value, or a map of these words; all of them must hold.\n\n"
        f"| word | holds if the fact |\n|---|---|\n{rows}"
    )


def _events() -> str:
    rows = "".join(
        f"| `{name}` | {', '.join(sorted(happenings.values_of(kind)))} |\n"
        for name, kind in sorted(happenings.kinds().items())
    )
    return (
        "\n## Events\n\nA step can wait for an event with `on`; `events.EVENT` counts them.\n\n"
        f"| event | values for its filter |\n|---|---|\n{rows}"
    )


def _pools() -> str:
    return (
        "\n## Lines of chat\n\nPools: "
        + ", ".join(f"`{pool}`" for pool in POOLS)
        + ". Other lines are posted as they are, with `{author}`, `{n}` and `{word}` replaced.\n"
    )
