"""Bug: one call is not retried when the platform is busy (503)."""

from tests.support.planted import app

stream = app.stream()
app.PASSING = (429, 500, 502, 504)
app.check(app.read(f"/streams/id/{stream['id']}")["title"] == "planted", "it has its title")
