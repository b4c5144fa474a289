"""Lines that a chat room refuses, counted for the report."""

from emulator.core.errors import Refused
from emulator.scenario.engine.run import RunContext


def count_refusal(context: RunContext, stream_id: str, refused: Refused) -> None:
    """A line that the room did not take."""
    context.run.count(f"chat.refused/{stream_id}")
    context.run.count(f"chat.refused.{refused.details.get('chat_code', refused.code)}")
