"""Bug: a delivery that comes twice is processed twice."""

from tests.support.planted import app
from tests.support.planted.receiver import Receiver

with Receiver() as receiver:
    app.facts("webhooks", "POST", {"url": receiver.url, "events": ["chat.message"]})
    stream = app.stream()
    for text in ("one", "two"):
        app.say(stream["id"], text)
    receiver.wait(2)
    app.check(len(receiver.ids) == 2, "each line was taken once")
