"""Bug: a failed post is retried without a check whether it had its effect."""

from tests.support.planted import app

stream = app.stream()
app.create(f"/streams/{stream['id']}/chat", {"content": "hello"}, lambda: None)
app.check(app.lines_of(stream["id"]) == ["hello"], "the line was said once")
