-- People: whom they follow, what they are told, when they stream, how they look and sign in.

-- A user's `avatar_url` and `banner_url` are paths below the CDN's address.
ALTER TABLE users ADD COLUMN twitter TEXT;
ALTER TABLE users ADD COLUMN github TEXT;
ALTER TABLE users ADD COLUMN youtube TEXT;
ALTER TABLE users ADD COLUMN website TEXT;

-- Counted as follows come and go. `followers_base` stands beside what is counted.
ALTER TABLE users ADD COLUMN follower_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN following_count INTEGER NOT NULL DEFAULT 0;

CREATE TABLE follows (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    follower_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    followed_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (follower_row, followed_row)
);
-- An index ends in the row by itself, so the first two give both lists with the newest at the end.
CREATE INDEX follows_by_follower ON follows (follower_row);
CREATE INDEX follows_by_followed ON follows (followed_row);
CREATE INDEX follows_by_time ON follows (followed_row, created_at_ms);

CREATE TRIGGER follows_counted AFTER INSERT ON follows BEGIN
    UPDATE users SET follower_count = follower_count + 1 WHERE row = new.followed_row;
    UPDATE users SET following_count = following_count + 1 WHERE row = new.follower_row;
END;
CREATE TRIGGER follows_uncounted AFTER DELETE ON follows BEGIN
    UPDATE users SET follower_count = follower_count - 1 WHERE row = old.followed_row;
    UPDATE users SET following_count = following_count - 1 WHERE row = old.follower_row;
END;

-- `actor_row` is who did it: the new follower, or who went live.
CREATE TABLE notifications (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    type TEXT NOT NULL,
    actor_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    stream_row INTEGER REFERENCES streams ON DELETE CASCADE,
    is_read INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX notifications_by_user ON notifications (user_row);
CREATE INDEX notifications_by_state ON notifications (user_row, is_read);
CREATE INDEX notifications_by_actor ON notifications (actor_row);
CREATE INDEX notifications_by_stream ON notifications (stream_row);

-- Days count from Monday, minutes from midnight UTC. An entry that does not recur has the instant
-- at which it starts.
CREATE TABLE weekly_schedules (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    day_of_week INTEGER NOT NULL,
    start_minute INTEGER NOT NULL,
    end_minute INTEGER NOT NULL,
    title TEXT NOT NULL,
    category_row INTEGER REFERENCES categories ON DELETE SET NULL,
    once_start_ms INTEGER,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX weekly_schedules_by_user ON weekly_schedules (user_row, day_of_week, start_minute);
CREATE INDEX weekly_schedules_by_category ON weekly_schedules (category_row);

-- Pictures that people uploaded of themselves: one avatar and one banner each.
CREATE TABLE images (
    row INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (user_row, kind)
);

-- A session is what a login opens: one family of refresh tokens. Its access tokens name it.
CREATE TABLE sessions (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_row);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

DROP TABLE refresh_tokens;
CREATE TABLE refresh_tokens (
    row INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    session_row INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    is_used INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_row);

-- A secret that is set up is not asked for before it was verified once (`is_on`). `last_step` is
-- the last step of 30 seconds whose code was used.
CREATE TABLE second_factors (
    row INTEGER PRIMARY KEY,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    secret TEXT NOT NULL,
    is_on INTEGER NOT NULL DEFAULT 0,
    last_step INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user_row, is_on)
);
CREATE TABLE backup_codes (
    factor_row INTEGER NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    code TEXT NOT NULL,
    PRIMARY KEY (factor_row, code)
) WITHOUT ROWID;

-- What a mail's link carries. It is gone once it was used.
CREATE TABLE mail_tokens (
    row INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    kind TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
);
CREATE INDEX mail_tokens_by_user ON mail_tokens (user_row, kind);
CREATE INDEX mail_tokens_by_expiry ON mail_tokens (expires_at_ms);

-- Keys of deleted accounts: `ak_auto_<name>` must not bring back who has left.
CREATE TABLE retired_keys (key TEXT PRIMARY KEY) WITHOUT ROWID;

-- Mails that the platform would have sent.
CREATE TABLE mails (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    kind TEXT NOT NULL,
    address TEXT NOT NULL COLLATE NOCASE,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    link TEXT,
    token TEXT,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX mails_by_user ON mails (user_row);
CREATE INDEX mails_by_address ON mails (address, kind);
CREATE INDEX mails_by_kind ON mails (kind);
