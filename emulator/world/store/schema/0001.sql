-- Whole numbers are keys inside; the platform's UUIDs (`id`) are what a client sees.
-- Times are milliseconds since 1970 UTC, on the world's clock.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX events_by_kind ON events (kind, seq);

CREATE TABLE users (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT,
    display_name TEXT,
    bio TEXT,
    avatar_url TEXT,
    banner_url TEXT,
    role TEXT NOT NULL DEFAULT 'USER',
    followers_base INTEGER NOT NULL DEFAULT 0,
    is_email_verified INTEGER NOT NULL DEFAULT 0,
    is_mfa_enabled INTEGER NOT NULL DEFAULT 0,
    tenant_id TEXT,
    created_at_ms INTEGER NOT NULL
);

CREATE TABLE api_keys (key TEXT PRIMARY KEY, user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE) WITHOUT ROWID;
CREATE INDEX api_keys_by_user ON api_keys (user_row);

CREATE TABLE refresh_tokens (
    token TEXT PRIMARY KEY,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    family TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    is_used INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE categories (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    description TEXT,
    icon_url TEXT,
    parent_row INTEGER REFERENCES categories,
    is_active INTEGER NOT NULL DEFAULT 1,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX categories_by_parent ON categories (parent_row);

CREATE TABLE tags (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    slug TEXT NOT NULL,
    usage_count INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE streams (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL UNIQUE,
    stream_key TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    category_row INTEGER REFERENCES categories ON DELETE SET NULL,
    title TEXT NOT NULL,
    description TEXT,
    status TEXT NOT NULL DEFAULT 'offline',
    visibility TEXT NOT NULL DEFAULT 'public',
    is_mature INTEGER NOT NULL DEFAULT 0,
    has_media INTEGER NOT NULL DEFAULT 0,
    thumbnail_url TEXT,
    peak_viewer_count INTEGER NOT NULL DEFAULT 0,
    scheduled_start_ms INTEGER,
    started_at_ms INTEGER,
    ended_at_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
);
CREATE INDEX streams_by_status ON streams (status, created_at_ms DESC);
CREATE INDEX streams_by_user ON streams (user_row, status, created_at_ms DESC);
CREATE INDEX streams_by_category ON streams (category_row, status, created_at_ms DESC);
CREATE INDEX streams_by_time ON streams (created_at_ms DESC);

CREATE TABLE stream_tags (
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    position INTEGER NOT NULL,
    tag_row INTEGER NOT NULL REFERENCES tags ON DELETE CASCADE,
    PRIMARY KEY (stream_row, position)
) WITHOUT ROWID;
CREATE INDEX stream_tags_by_tag ON stream_tags (tag_row);

CREATE TABLE vods (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    stream_row INTEGER REFERENCES streams ON DELETE SET NULL,
    title TEXT NOT NULL,
    description TEXT,
    status TEXT NOT NULL DEFAULT 'processing',
    visibility TEXT NOT NULL DEFAULT 'public',
    is_nsfw INTEGER NOT NULL DEFAULT 0,
    content_warning TEXT,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    qualities TEXT NOT NULL DEFAULT '[]',
    view_count INTEGER NOT NULL DEFAULT 0,
    failure TEXT,
    created_at_ms INTEGER NOT NULL,
    ready_at_ms INTEGER
);
CREATE INDEX vods_by_stream ON vods (stream_row);
CREATE INDEX vods_by_user ON vods (user_row, created_at_ms DESC);
CREATE INDEX vods_by_status ON vods (status, created_at_ms DESC);
