"""The platform's rules that a user may set. Plain values; `settings` says where they come from."""

from msgspec import Struct


class RulesConfig(Struct, frozen=True):
    """`streams_per_user` counts streams that have not ended; a limit of 0 means none.

    Of `chat_repeats_max` equal lines that somebody says within half a minute, the next is held.
    """

    streams_per_user: int = 1
    stream_creations_per_minute: int = 10
    session_creations_per_minute: int = 10
    chat_lines_per_minute: int = 120
    chat_repeats_max: int = 5
    is_auth_strict: bool = False
    is_takeover_allowed: bool = False
    reconnect_window_ms: int = 10_000
    vod_processing_ms: int = 1_000
    viewer_gone_ms: int = 15_000
    viewers_max: int = 100_000
    export_rows_max: int = 10_000
    clips_per_user_max: int = 1_000
    vod_uploads_per_user_max: int = 10_000
    access_token_ms: int = 1_800_000
    refresh_token_ms: int = 30 * 86_400_000
