"""Schema: the language as JSON Schema (2020-12), for editors that complete and check YAML."""

from typing import Any

from emulator.scenario.actions import registry
from emulator.scenario.actions.action import Action
from emulator.scenario.actions.expect import Expect
from emulator.scenario.facts import conditions
from emulator.scenario.facts import registry as facts
from emulator.scenario.facts.fact import Fact
from emulator.scenario.language import happenings
from emulator.scenario.language.head import VERSION
from emulator.scenario.language.sources import KEYS
from emulator.scenario.language.step_words import REFUSAL_CODES, WORDS
from emulator.scenario.language.values.params import ParamPart
from emulator.scenario.language.worlds import WorldPart

# A parameter may stand for any value.
_PARAMETER = {"type": "string", "pattern": r"\$"}
# Keys for a user's anchors: they are not read.
_OWN: dict[str, Any] = {"^x-": {}}
_DURATION = {"type": ["string", "integer"], "examples": ["10s", "2m30s", "1h"]}
WORD_SCHEMAS: dict[str, Any] = {
    "name": {"type": "string", "description": "A name, for the `after` of other steps."},
    "at": {**_DURATION, "description": "How long after the scenario's start it begins."},
    "after": {
        "type": "string",
        "description": "It begins after the end of this step: `surge + 2m`.",
    },
    "for": {**_DURATION, "description": "How long it lasts."},
    "every": {**_DURATION, "description": "The interval of its repetitions; `event` with `on`."},
    "times": {"type": ["integer", "string"], "description": "How often, with `every`."},
    "within": {**_DURATION, "description": "How long an `expect` may take to become true."},
    "if": {
        "description": "A parameter, or a comparison: `$peak > 100`; or facts, such as"
        " `{stream.launch.status: live}`, checked when the step's time has come."
    },
    "refused": {
        "description": "The platform must refuse this: with this code, or with any (`true`).",
        "anyOf": [
            {"type": "boolean"},
            {"enum": list(REFUSAL_CODES)},
            _PARAMETER,
        ],
    },
    "required": {
        "description": "With `true`, the run fails if this step never began.",
        "anyOf": [{"type": "boolean"}, _PARAMETER],
    },
}


def schema() -> dict[str, Any]:
    """Return the schema of the whole language."""
    definitions: dict[str, Any] = {}
    actions = {name: _action(action, definitions) for name, action in registry.every().items()}
    events = {name: {"type": ["object", "null"]} for name in happenings.kinds()}
    on = {
        "description": "When this event happens, with a filter.",
        "anyOf": [
            {"enum": sorted(events)},
            {"type": "object", "properties": events, "additionalProperties": False},
        ],
    }
    definitions["facts"] = _facts()
    asked = {
        "anyOf": [
            {"$ref": "#/$defs/facts"},
            {"type": "array", "items": {"$ref": "#/$defs/facts"}, "minItems": 1},
        ]
    }
    step = {
        "type": "object",
        "patternProperties": _OWN,
        "properties": {**{word: WORD_SCHEMAS.get(word, on) for word in WORDS}, **actions},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in actions],
    }
    include = {
        "type": "object",
        "patternProperties": _OWN,
        "properties": {"include": {"type": "string"}, "at": _DURATION, "with": {"type": "object"}},
        "required": ["include"],
        "additionalProperties": False,
    }
    properties = {
        "scenario": {"type": "string", "description": "Its name."},
        "about": {"type": "string", "description": "What it shows, in a sentence or two."},
        "version": {"const": VERSION},
        "seed": {"type": "integer", "description": "The seed of everything random."},
        "params": {
            "type": "object",
            "additionalProperties": _model(ParamPart, definitions),
        },
        "lasts": {**_DURATION, "description": "How long it lasts at least, or `forever`."},
        "world": _model(WorldPart, definitions),
        "timeline": {"type": "array", "items": {"anyOf": [step, include]}},
        "begins": {
            "type": "string",
            "description": "The time of the run's own world at the start.",
            "examples": ["2026-03-06", "2026-03-06T18:00:00Z"],
        },
        "expect": {**asked, "description": "What must be true at the end."},
        "throughout": {**asked, "description": "What must hold from the start to the end."},
        "never": {**asked, "description": "What must not become true in the whole run."},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A live-emulator scenario",
        "type": "object",
        "properties": {key: properties[key] for key in KEYS},
        "required": ["scenario"],
        "patternProperties": _OWN,
        "additionalProperties": False,
        "$defs": definitions,
    }


def _facts() -> dict[str, Any]:
    """Return the schema of facts by path, each with a value or with the words of a condition."""
    paths = {
        _path_pattern(name, noun.middle, last): {"description": fact.help, **_condition(fact)}
        for name, noun in facts.nouns().items()
        for last, fact in noun.facts.items()
    }
    return {
        "type": "object",
        "patternProperties": paths,
        "additionalProperties": False,
        "minProperties": 1,
    }


def _path_pattern(noun: str, middle: str, last: str) -> str:
    if middle == "none":
        return rf"^{noun}\.{last}$"
    if middle in ("event", "saved"):
        return rf"^{noun}\..+$"
    return rf"^{noun}\..+\.{last}$"


def _condition(fact: Fact) -> dict[str, Any]:
    words: dict[str, Any] = {
        word: {"description": f"It {text}."} for word, text in conditions.WORDS.items()
    }
    words["give"] = {"description": "How far from `about` it may be."}
    if fact.count is not None:
        words["where"] = {"type": "object", "description": "Which of them are counted."}
    plain: dict[str, Any] = {"type": ["string", "number", "boolean", "null", "array"]}
    if fact.choices:
        plain = {"anyOf": [{"enum": list(fact.choices)}, _PARAMETER]}
    by_words = {"type": "object", "properties": words, "additionalProperties": False}
    return {"if": {"type": "object"}, "then": by_words, "else": plain}


def _action(action: type[Action], definitions: dict[str, Any]) -> dict[str, Any]:
    text = " ".join((action.__doc__ or "").split())
    if issubclass(action, Expect):
        facts = {"$ref": "#/$defs/facts"}
        several = {"type": "array", "items": facts, "minItems": 1}
        return {"anyOf": [facts, several], "description": text}
    values = _model(action, definitions)
    values["description"] = text
    if not action.shorthand:
        return values
    inner = values["properties"].get(action.shorthand, {})
    # Not `anyOf`, because editors report the errors of the branch that was not meant.
    return {"description": text, "if": {"type": "object"}, "then": values, "else": inner}


def _model(model: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions.update({k: _with_parameters(v) for k, v in values.pop("$defs", {}).items()})
    widened: dict[str, Any] = _with_parameters(values)
    return widened


def _with_parameters(schema: Any) -> Any:
    """Return the schema with a parameter allowed for each number, truth value and bound text."""
    if isinstance(schema, list):
        return [_with_parameters(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    values = {key: _with_parameters(value) for key, value in schema.items() if key != "title"}
    if "properties" in schema:
        # A property may itself be called `title`, such as a stream's.
        values["properties"] = {
            key: _with_parameters(value) for key, value in schema["properties"].items()
        }
    is_bound_text = schema.get("type") == "string" and {"pattern", "enum", "const"} & schema.keys()
    if is_bound_text or schema.get("type") in ("integer", "number", "boolean"):
        return {"anyOf": [values, _PARAMETER]}
    return values
