"""The metrics, read as Prometheus reads them (exposition format 0.0.4)."""

import re

import httpx

from emulator.version import __version__
from tests.support.rest import Caller, create

SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?[0-9.e+-]+|NaN|[+-]Inf)")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scraped(client: httpx.AsyncClient) -> tuple[Samples, dict[str, str]]:
    """Every sample by name and labels, and every name's type."""
    answer = await client.get("/_emulator/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.text.endswith("\n")
    samples: Samples = {}
    kinds: dict[str, str] = {}
    for line in answer.text.splitlines():
        if line.startswith("# HELP "):
            assert line.split(" ", 3)[3]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds, f"the family {name} is not contiguous"
            kinds[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert kinds[match[1]] in ("counter", "gauge")
            key = match[1], frozenset(LABEL.findall(match[2] or ""))
            assert key not in samples
            samples[key] = float(match[3])
    return samples, kinds


def value_of(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"live_emulator_{name}", frozenset(labels.items())]


async def test_metrics_agree_with_the_platform(client: httpx.AsyncClient, call: Caller) -> None:
    before, kinds = await scraped(client)
    await client.post("/_emulator/worlds", json={"name": "other", "seed": "none"})
    await client.put("/_emulator/clock", json={"mode": "virtual"})
    stream = await create(call)
    await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")
    body = {"verb": "set", "count": 321}
    await client.post(f"/_emulator/streams/{stream['id']}/viewers", json=body)

    after, _ = await scraped(client)

    default = {"world": "default"}
    assert value_of(after, "info", version=__version__) == 1
    assert kinds["live_emulator_http_requests_total"] == "counter"
    for name, labels, grown in (
        ("streams", {"status": "live"}, 1),
        ("viewers", {"kind": "simulated"}, 321),
        ("viewers", {"kind": "real"}, 0),
        ("users", {}, 0),
    ):
        one, two = (value_of(item, name, **default, **labels) for item in (before, after))
        assert two - one == grown, name
    assert value_of(after, "http_requests_total", world="default", method="POST", status="2xx") >= 3
    assert value_of(after, "events_total", **default) > value_of(before, "events_total", **default)
    assert value_of(after, "world_speed", **default) == 0
    assert value_of(after, "world_speed", world="other") == 1
    assert value_of(after, "streams", world="other", status="live") == 0
    # A dropped world has no samples any more.
    await client.delete("/_emulator/worlds/other")
    last, _ = await scraped(client)
    assert not [key for key in last if ("world", "other") in key[1]]
