"""The platform's rules that a user may set: plain values, filled by `emulator/settings`."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Count, Duration, Flag, Flags, Named


class RulesConfig(Struct, frozen=True):
    """The rules of one world."""

    streams_per_user: Annotated[
        int, Count(), "streams a user may have that have not ended; 0: no limit", Flags.LIMITS
    ] = 1
    stream_creations_per_minute: Annotated[
        int, Count(), "streams a user may create in a minute; 0: no limit"
    ] = 10
    session_creations_per_minute: Annotated[
        int, Count(), "video sessions a user may create in a minute; 0: no limit"
    ] = 10
    chat_lines_per_minute: Annotated[
        int, Count(), "lines a user may say in a minute; 0: no limit"
    ] = 120
    chat_repeats_max: Annotated[
        int, Count(), "identical lines a user may say in half a minute; 0: no limit"
    ] = 5
    is_auth_strict: Annotated[
        bool,
        Flag(),
        "refuse ak_auto_<name> keys of unknown users",
        Named("strict_auth"),
        Flags.LIMITS,
    ] = False
    is_takeover_allowed: Annotated[
        bool,
        Flag(),
        "a second publisher with a key replaces the first",
        Named("takeover"),
        Flags.MEDIA,
    ] = False
    reconnect_window_ms: Annotated[
        int,
        Duration("s"),
        "how long a stream waits for a publisher that dropped",
        Named(key="reconnect_window"),
        Flags.MEDIA,
    ] = 10_000
    vod_processing_ms: Annotated[
        int, Duration("ms"), "shortest time for which a VOD is `processing`"
    ] = 1_000
    viewer_gone_ms: Annotated[
        int, Duration("ms", 1_000), "a viewer that has sent nothing for so long has left"
    ] = 15_000
    viewers_max: Annotated[
        int, Count(1), "real viewers counted per stream; further ones are served, but not counted"
    ] = 100_000
    export_rows_max: Annotated[
        int,
        Count(1, 10_000_000),
        "rows of each kind in an account's export; it names the kinds with more rows",
    ] = 10_000
    clips_per_user_max: Annotated[
        int, Count(1, 1_000_000), "clips a user may have; the next gets 409"
    ] = 1_000
    vod_uploads_per_user_max: Annotated[
        int, Count(1, 1_000_000), "VODs a user may upload; the next gets 409"
    ] = 10_000
    search_matches_max: Annotated[
        int,
        Count(1, 1_000_000),
        "matches of a search; if there are more, only the newest are found",
    ] = 1_000
    access_token_ms: int = 1_800_000
    refresh_token_ms: int = 30 * 86_400_000
