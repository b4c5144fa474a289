"""Bug: a post that may have been done is done again without a look."""

from tests.support.planted import app

stream = app.stream()
app.create(f"/streams/{stream['id']}/chat", {"content": "hello"}, lambda: None)
app.check(app.lines_of(stream["id"]) == ["hello"], "the line was said once")
