"""Logs: the form of log lines on stderr, for people or for programs. A command sets it up once."""

import json
import logging
import sys
from typing import Literal

from emulator.cli.lib.colour import Colour, paint
from emulator.cli.lib.log_writer import LogWriter
from emulator.cli.lib.plain import plain
from emulator.machine.handles import OncePerMinute


class _JsonLines(logging.Formatter):
    """One JSON object a line. `at` is in seconds since 1970, with milliseconds."""

    def format(self, record: logging.LogRecord) -> str:
        payload: dict[str, object] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            payload["traceback"] = self.formatException(record.exc_info)
        return json.dumps(payload, ensure_ascii=False)


_COLOURS: dict[int, Colour] = {logging.WARNING: "yellow", logging.ERROR: "red"}


class _TextLines(logging.Formatter):
    """One line for each record, whatever text a client has sent; a traceback follows below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return paint(
            plain(super().formatMessage(record)), _COLOURS.get(record.levelno), out=sys.stderr
        )


def set_up(form: str, level: Literal["info", "warning"] = "info") -> None:
    """Send log lines of `level` and above to stderr, as `text` or `json` (the setting's words)."""
    to_stderr = LogWriter(sys.stderr)
    if form == "json":
        to_stderr.setFormatter(_JsonLines())
    else:
        text = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s"
        to_stderr.setFormatter(_TextLines(text, "%H:%M:%S"))
    to_stderr.addFilter(OncePerMinute())
    logging.basicConfig(level=level.upper(), handlers=[to_stderr], force=True)
    # It logs starts and stops, which `serve` prints itself.
    logging.getLogger("uvicorn").setLevel("WARNING")
    # It logs every address that it tries, while `peers` logs the result.
    logging.getLogger("aioice").setLevel("WARNING")
