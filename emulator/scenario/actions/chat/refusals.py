"""Refusals: counts lines that a chat room refuses, for the report."""

from emulator.core.errors import Refused
from emulator.scenario.engine.run import Run


def count_refusal(run: Run, stream_id: str, refused: Refused) -> None:
    """Count a line that the room refused."""
    run.count(f"chat.refused/{stream_id}")
    run.count(f"chat.refused.{refused.details.get('chat_code', refused.code)}")
