"""The modules that are mutated, the tests that cover them, and the sample of their mutants."""

import random
from pathlib import Path

from tests.mutants.operators import Mutant, mutants

SEED = "trust"
_PROJECT = Path(__file__).parents[2]
# The modules that implement the emulator's main promises, with their tests.
UNITS: dict[str, tuple[str, ...]] = {
    "core.clock": ("unit/core/test_clock.py", "unit/core/test_world_clock.py"),
    "core.world_clock": ("unit/core/test_world_clock.py",),
    "media.hls.playlist": ("unit/media/hls/test_playlist.py", "unit/media/hls/test_stream.py"),
    "media.hls.window": ("unit/media/hls/test_window.py", "unit/media/hls/test_playlist.py"),
    "media.hls.segmenter": ("unit/media/hls/test_segmenter.py", "unit/media/test_wire_to_parts.py"),
    "media.timeline": ("unit/media/test_timeline.py", "unit/media/test_wire_to_parts.py"),
    "media.codecs.h264": (
        "unit/media/codecs/test_h264.py",
        "unit/media/codecs/test_codecs.py",
        "unit/media/codecs/test_shape_and_colour.py",
        "unit/media/codecs/test_in_band.py",
        "unit/media/codecs/test_self_contained.py",
    ),
    "media.ingest.wire.rtmp_chunks": (
        "unit/media/ingest/wire/test_rtmp_chunks.py",
        "unit/media/ingest/wire/test_rtmp_session.py",
        "unit/media/ingest/wire/test_rtmp_recordings.py",
    ),
    "media.ingest.wire.rtmp_session": (
        "unit/media/ingest/wire/test_rtmp_session.py",
        "unit/media/ingest/wire/test_rtmp_recordings.py",
    ),
    "media.recording.recovery": (
        "unit/media/recording/test_recovery.py",
        "flows/test_library_recovery.py",
    ),
    "world.store.journal": (
        "unit/world/store/test_journal.py",
        "unit/world/store/test_database.py",
        "unit/world/test_world.py",
    ),
    "world.live.moves": ("unit/world/live/test_streams.py",),
    "world.live.streams": ("unit/world/live/test_streams.py", "flows/test_rest_streams.py"),
    "world.chat.moderation": (
        "unit/world/chat/test_moderation.py",
        "unit/world/chat/test_messages.py",
        "unit/world/chat/test_post_many.py",
    ),
    "world.chat.messages": (
        "unit/world/chat/test_messages.py",
        "unit/world/chat/test_post_many.py",
    ),
    "world.audience.ledger": (
        "unit/world/audience/test_ledger.py",
        "unit/world/audience/test_fold.py",
        "unit/world/audience/test_chat_fold.py",
        "unit/world/audience/test_attendance.py",
        "unit/world/audience/test_cohorts.py",
    ),
    "world.auth.tokens": ("unit/world/auth/test_tokens.py", "unit/web/test_auth.py"),
    "web.auth": ("unit/web/test_auth.py",),
    "web.http.dispatch": ("unit/web/http/test_dispatch.py", "flows/test_rest_bad_input.py"),
    "chat_delivery.send_queue": (
        "unit/chat_delivery/test_send_queue.py",
        "unit/chat_delivery/test_hub.py",
    ),
    "webhooks.webhooks": ("flows/test_webhooks.py", "flows/faults/test_webhooks.py"),
}


def source_of(module: str) -> Path:
    """The path of the module's file. Nothing is imported here: each mutant's process does that."""
    return _PROJECT / "emulator" / f"{module.replace('.', '/')}.py"


def sample(per_module: int, seed: str = SEED, modules: list[str] | None = None) -> list[Mutant]:
    """Draw mutants. The same seed and text give the same ones, module by module."""
    drawn: list[Mutant] = []
    for module in modules or UNITS:
        every = mutants(module, source_of(module).read_text("utf-8"))
        chosen = random.Random(f"{seed} {module}").sample(every, min(per_module, len(every)))
        drawn += sorted(chosen, key=lambda mutant: (mutant.line, mutant.node, mutant.choice))
    return drawn
