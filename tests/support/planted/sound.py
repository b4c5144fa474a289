"""No bug: a failed post is looked up before a retry, and a delivery is processed once."""

from tests.support.planted import app
from tests.support.planted.receiver import Receiver

with Receiver() as receiver:
    app.facts("webhooks", "POST", {"url": receiver.url, "events": ["chat.message"]})
    stream = app.stream()
    app.say(stream["id"], "hello")
    app.check(app.lines_of(stream["id"]) == ["hello"], "the line was said once")
    receiver.wait(1)
    app.check(len(set(receiver.ids)) == 1, "one line was received")
