-- Chat: what was said (a line's order is its row), who may not speak, who keeps order.

-- An id carries its row, so there is no index of ids; rows and times grow together, so there is none
-- of times. A line is in as few indexes as can be: a flood writes thousands a second.
CREATE TABLE messages (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    content TEXT NOT NULL,
    message_type TEXT NOT NULL DEFAULT 'message',
    badges TEXT NOT NULL DEFAULT '',
    is_deleted INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL
);
-- An index ends in the row by itself: the first gives a room's lines in their order, the last one's
-- own lines in a room.
CREATE INDEX messages_by_stream ON messages (stream_row);
CREATE INDEX messages_by_author ON messages (user_row, stream_row);

CREATE TABLE chat_settings (
    stream_row INTEGER PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    slow_mode_seconds INTEGER NOT NULL,
    is_followers_only INTEGER NOT NULL,
    is_emote_only INTEGER NOT NULL,
    length_max INTEGER NOT NULL,
    blocked_words TEXT NOT NULL,
    are_links_allowed INTEGER NOT NULL,
    is_ai_moderated INTEGER NOT NULL
);

CREATE TABLE bans (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_by_row INTEGER REFERENCES users ON DELETE SET NULL,
    reason TEXT,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    UNIQUE (stream_row, user_row)
);
CREATE INDEX bans_by_user ON bans (user_row);
CREATE INDEX bans_by_creator ON bans (created_by_row);

CREATE TABLE moderators (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    is_vip INTEGER NOT NULL DEFAULT 0,
    added_at_ms INTEGER NOT NULL,
    UNIQUE (stream_row, user_row)
);
CREATE INDEX moderators_by_user ON moderators (user_row);
