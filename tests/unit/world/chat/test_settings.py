from emulator.core.events import Event
from emulator.core.events.chat import ChatSettingsChanged
from emulator.world.chat import settings
from emulator.world.chat.settings import ChatSettings
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World


def test_chat_settings_begin_with_the_defaults(world: World, stream: Stream) -> None:
    assert settings.of(world, stream.pk) == ChatSettings()


def test_chat_settings_change_keeps_unnamed_fields(
    world: World, heard: list[Event], stream: Stream, ada: User
) -> None:
    settings.change(world, stream, ada, {"slow_mode_seconds": 5, "is_emote_only": True})

    settings.change(world, stream, ada, {"blocked_words": ("ü", "x y"), "slow_mode_seconds": 5})

    assert settings.of(world, stream.pk) == ChatSettings(
        slow_mode_seconds=5, is_emote_only=True, blocked_words=("ü", "x y")
    )
    event = heard[-1]
    assert isinstance(event, ChatSettingsChanged)
    assert event.changed == ("blocked_words",)


def test_chat_settings_change_without_effect_is_no_event(
    world: World, heard: list[Event], stream: Stream, ada: User
) -> None:
    before = list(heard)

    settings.change(world, stream, ada, {"slow_mode_seconds": 0})

    assert heard == before
