import logging

import pytest

from emulator.core.bus import Bus
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.chat import ChatCleared, ChatEvent
from emulator.core.events.library import VodReady

READY = VodReady(at_ms=1, vod_id="v", duration_ms=2)


def test_bus_calls_each_listener_until_it_unsubscribes() -> None:
    bus = Bus()
    first: list[Event] = []
    second: list[Event] = []
    stop = bus.subscribe({Event: first.append})
    bus.subscribe({VodReady: second.append})

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

    bus.subscribe({Event: fail})
    bus.subscribe({Event: heard.append})
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

    bus.subscribe(
        {VodReady: lambda _: pytest.fail("the burst came event by event"), Burst: whole.append}
    )
    bus.publish_burst(burst := Burst(VodReady, 1, ["{}", "{}"], make))
    # The events are not made before a subscriber needs them.
    assert numbers == []

    for _ in range(2):
        bus.subscribe({Event: heard.append})
    bus.publish_burst(burst)

    assert whole == [burst, burst]
    assert heard == [READY] * 4
    assert numbers == [1]


def test_bus_calls_the_handler_of_the_nearest_class() -> None:
    bus = Bus()
    calls: list[str] = []
    bus.subscribe({Event: lambda _: calls.append("any"), ChatEvent: lambda _: calls.append("chat")})
    bus.subscribe({VodReady: lambda _: calls.append("vod")})

    bus.publish(READY)
    bus.publish(ChatCleared(at_ms=1, stream_id="s", by_user_id="u"))

    assert calls == ["any", "vod", "chat"]


def test_bus_burst_skips_subscribers_without_a_handler() -> None:
    bus = Bus()
    bus.subscribe({ChatEvent: lambda _: pytest.fail("a handler of another type was called")})

    bus.publish_burst(
        Burst(VodReady, 1, ["{}"], lambda: pytest.fail("events were made without a subscriber"))
    )


def test_bus_event_published_by_a_handler_is_delivered_first() -> None:
    bus = Bus()
    calls: list[str] = []

    def answer(event: VodReady) -> None:
        calls.append(f"first {event.vod_id}")
        if event.vod_id == "v":
            bus.publish(VodReady(at_ms=2, vod_id="w", duration_ms=1))

    bus.subscribe({VodReady: answer})
    bus.subscribe({VodReady: lambda event: calls.append(f"second {event.vod_id}")})
    bus.publish(READY)

    assert calls == ["first v", "first w", "second w", "second v"]
