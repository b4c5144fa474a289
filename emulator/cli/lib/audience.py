"""The viewers of a demo, as a scenario: they come, talk and go in all its live channels."""

import json
from collections.abc import Sequence
from typing import Any


def scenario(owner: str, others: Sequence[str]) -> str:
    """The text of a scenario that keeps the live channels of these users busy.

    The channel of the demo's `owner` has waves as in the library's `demo-loop`; others are calmer.
    """
    timeline = _waves({"owner": owner})
    for number, other in enumerate(others):
        timeline += _calm({"owner": other}, number)
    # JSON is YAML.
    return json.dumps({"scenario": "Demo", "lasts": "forever", "timeline": timeline})


def _waves(stream: dict[str, str]) -> list[dict[str, Any]]:
    countries = {"US": "40%", "DE": "20%", "BR": "10%"}
    pools = ["hype", "questions", "code", "emoji", "german"]
    return [
        {"viewers.set": {"stream": stream, "count": 100, "countries": countries}},
        {"every": "5m", "for": "5m", **_talk(stream, "40/min", pools)},
        {
            "at": "15s",
            "every": "2m",
            "for": "100s",
            "viewers.spike": {"stream": stream, "count": 400, "countries": countries},
        },
        {"at": "60s", "every": "2m", "for": "15s", **_talk(stream, "3/s", ["hype"])},
        {
            "at": "70s",
            "every": "2m",
            "chat.say": {
                "stream": stream,
                "by": stream["owner"],
                "says": "Welcome, everybody who just came in!",
            },
        },
    ]


def _calm(stream: dict[str, str], number: int) -> list[dict[str, Any]]:
    pools = ["questions", "code", "hype"] if number % 2 else ["code", "emoji", "questions"]
    return [
        {"at": "0s", "every": "5m", "for": "5m", **_talk(stream, f"{6 + number}/min", pools)},
        {
            "at": f"{5 + 3 * number}s",
            "every": "40s",
            "for": "40s",
            "viewers.spike": {"stream": stream, "count": 60 + 20 * number},
        },
    ]


def _talk(stream: dict[str, str], rate: str, lines: list[str]) -> dict[str, Any]:
    flood = {"stream": stream, "rate": rate, "authors": 60, "names": "people", "lines": lines}
    return {"chat.flood": flood}
