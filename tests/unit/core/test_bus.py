import logging

import pytest

from emulator.core.bus import Bus
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.library import VodReady

READY = VodReady(at_ms=1, vod_id="v", duration_ms=2)


def test_bus_calls_each_listener_until_it_unsubscribes() -> None:
    bus = Bus()
    first: list[Event] = []
    second: list[Event] = []
    stop = bus.subscribe(first.append)
    bus.subscribe(second.append)

    bus.publish(READY)
    stop()
    stop()
    bus.publish(READY)

    assert (len(first), len(second)) == (1, 2)


def test_bus_delivers_to_all_when_one_listener_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus = Bus()
    heard: list[Event] = []

    def fail(_: Event) -> None:
        raise RuntimeError("a bug")

    bus.subscribe(fail)
    bus.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(READY)

    assert heard == [READY]
    assert "event=VodReady" in caplog.text


def test_bus_delivers_burst_whole_or_event_by_event() -> None:
    bus = Bus()
    heard: list[Event] = []
    whole: list[Burst] = []
    numbers: list[int] = []

    def make() -> list[Event]:
        numbers.append(1)
        return [READY, READY]

    bus.subscribe(lambda _: pytest.fail("a burst's listener heard one event"), whole.append)
    bus.publish_burst(burst := Burst(VodReady, 1, ["{}", "{}"], make))
    # Nobody has asked for one of them yet.
    assert numbers == []

    for _ in range(2):
        bus.subscribe(heard.append)
    bus.publish_burst(burst)

    assert whole == [burst, burst]
    assert heard == [READY] * 4
    assert numbers == [1]
