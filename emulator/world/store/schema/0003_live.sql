-- Finding streams: what is searched, what was searched for, and numbers that lists show.

-- A stream's planned length. Its planned start stands in `scheduled_start_ms` already.
ALTER TABLE streams ADD COLUMN scheduled_minutes INTEGER;

-- The same stream in smaller sizes, while it is live and until its VOD is complete.
CREATE TABLE live_renditions (
    row INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    name TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    UNIQUE (stream_row, name)
);

-- Where else a stream is pushed while it is live, and how that goes.
CREATE TABLE simulcast_targets (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    url TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'idle',
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    due_at_ms INTEGER,
    live_since_ms INTEGER,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX simulcast_targets_by_stream ON simulcast_targets (stream_row);

-- Where a VOD's media lies once its stream has been deleted: under the CDN uid the stream had.
ALTER TABLE vods ADD COLUMN media_uid TEXT;

-- Read backwards, an index ends in the newest row; so lists need no sorting.
CREATE INDEX streams_public ON streams (visibility, status, created_at_ms);
CREATE INDEX streams_public_by_time ON streams (visibility, created_at_ms);
CREATE INDEX streams_public_by_user ON streams (user_row, visibility, created_at_ms);
CREATE INDEX streams_public_by_category ON streams (category_row, visibility, status, created_at_ms);

-- Of a category's public streams, in any state and live: counted as they come and go.
ALTER TABLE categories ADD COLUMN stream_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE categories ADD COLUMN live_count INTEGER NOT NULL DEFAULT 0;
CREATE INDEX categories_active ON categories (is_active);
UPDATE categories SET
    stream_count = (SELECT count(*) FROM streams
        WHERE category_row = categories.row AND visibility = 'public'),
    live_count = (SELECT count(*) FROM streams
        WHERE category_row = categories.row AND visibility = 'public' AND status = 'live');

-- How many public ones there are, so that no list counts them: of streams by their status, of VODs
-- and videos the ready ones.
CREATE TABLE totals (kind TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO totals SELECT 'streams ' || value,
    (SELECT count(*) FROM streams WHERE visibility = 'public' AND status = value)
    FROM json_each('["offline", "live", "ended"]');

CREATE TRIGGER streams_counted AFTER INSERT ON streams WHEN new.visibility = 'public' BEGIN
    UPDATE categories SET stream_count = stream_count + 1,
        live_count = live_count + (new.status = 'live')
        WHERE row = new.category_row;
    UPDATE totals SET count = count + 1 WHERE kind = 'streams ' || new.status;
END;
CREATE TRIGGER streams_uncounted AFTER DELETE ON streams WHEN old.visibility = 'public' BEGIN
    UPDATE categories SET stream_count = stream_count - 1,
        live_count = live_count - (old.status = 'live')
        WHERE row = old.category_row;
    UPDATE totals SET count = count - 1 WHERE kind = 'streams ' || old.status;
END;
CREATE TRIGGER streams_recounted AFTER UPDATE OF category_row, visibility, status ON streams BEGIN
    UPDATE categories SET stream_count = stream_count - (old.visibility = 'public'),
        live_count = live_count - (old.visibility = 'public' AND old.status = 'live')
        WHERE row = old.category_row;
    UPDATE categories SET stream_count = stream_count + (new.visibility = 'public'),
        live_count = live_count + (new.visibility = 'public' AND new.status = 'live')
        WHERE row = new.category_row;
    UPDATE totals SET count = count - (old.visibility = 'public')
        WHERE kind = 'streams ' || old.status;
    UPDATE totals SET count = count + (new.visibility = 'public')
        WHERE kind = 'streams ' || new.status;
END;

-- What is ranked, and indexes of nothing else. Read backwards, the first says of those whom nobody
-- watches who is shown first. (An index over `status = 'live'` itself would make SQLite plan each
-- question with `status = ?` anew.)
ALTER TABLE streams ADD COLUMN is_ranked INTEGER
    GENERATED ALWAYS AS (visibility = 'public' AND status = 'live') VIRTUAL;
CREATE INDEX streams_ranked ON streams (peak_viewer_count, started_at_ms) WHERE is_ranked;
CREATE INDEX streams_ranked_since ON streams (started_at_ms) WHERE is_ranked;

-- How often a tag is used, likewise.
CREATE INDEX tags_by_use ON tags (usage_count DESC, name);
UPDATE tags SET usage_count = (SELECT count(*) FROM stream_tags WHERE tag_row = tags.row);

-- What is searched, by the row of the stream, the user, the tag. Triggers keep it in step, also
-- when a user's deletion takes streams along.
CREATE VIRTUAL TABLE stream_search USING fts5 (
    title, description, tags, user, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE VIRTUAL TABLE user_search USING fts5 (
    username, display_name, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE VIRTUAL TABLE tag_search USING fts5 (
    name, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

INSERT INTO stream_search (rowid, title, description, tags, user)
    SELECT streams.row, title, description,
        (SELECT group_concat(name, ' ') FROM stream_tags JOIN tags ON tags.row = tag_row
         WHERE stream_row = streams.row),
        username || ' ' || coalesce(display_name, '')
    FROM streams JOIN users ON users.row = streams.user_row;
INSERT INTO user_search (rowid, username, display_name) SELECT row, username, display_name FROM users;
INSERT INTO tag_search (rowid, name) SELECT row, name FROM tags;

CREATE TRIGGER streams_found AFTER INSERT ON streams BEGIN
    INSERT INTO stream_search (rowid, title, description, tags, user)
        SELECT new.row, new.title, new.description, '', username || ' ' || coalesce(display_name, '')
        FROM users WHERE row = new.user_row;
END;
CREATE TRIGGER streams_found_anew AFTER UPDATE OF title, description ON streams BEGIN
    UPDATE stream_search SET title = new.title, description = new.description
        WHERE rowid = new.row;
END;
CREATE TRIGGER streams_lost AFTER DELETE ON streams BEGIN
    DELETE FROM stream_search WHERE rowid = old.row;
END;

CREATE TRIGGER stream_tags_put AFTER INSERT ON stream_tags BEGIN
    UPDATE tags SET usage_count = usage_count + 1 WHERE row = new.tag_row;
    UPDATE stream_search SET tags = (
        SELECT group_concat(name, ' ') FROM stream_tags JOIN tags ON tags.row = tag_row
        WHERE stream_row = new.stream_row
    ) WHERE rowid = new.stream_row;
END;
CREATE TRIGGER stream_tags_taken AFTER DELETE ON stream_tags BEGIN
    UPDATE tags SET usage_count = usage_count - 1 WHERE row = old.tag_row;
    UPDATE stream_search SET tags = (
        SELECT group_concat(name, ' ') FROM stream_tags JOIN tags ON tags.row = tag_row
        WHERE stream_row = old.stream_row
    ) WHERE rowid = old.stream_row;
END;

CREATE TRIGGER users_found AFTER INSERT ON users BEGIN
    INSERT INTO user_search (rowid, username, display_name)
        VALUES (new.row, new.username, new.display_name);
END;
CREATE TRIGGER users_found_anew AFTER UPDATE OF username, display_name ON users BEGIN
    UPDATE user_search SET username = new.username, display_name = new.display_name
        WHERE rowid = new.row;
    UPDATE stream_search SET user = new.username || ' ' || coalesce(new.display_name, '')
        WHERE rowid IN (SELECT row FROM streams WHERE user_row = new.row);
END;
CREATE TRIGGER users_lost AFTER DELETE ON users BEGIN
    DELETE FROM user_search WHERE rowid = old.row;
END;

CREATE TRIGGER tags_found AFTER INSERT ON tags BEGIN
    INSERT INTO tag_search (rowid, name) VALUES (new.row, new.name);
END;
CREATE TRIGGER tags_lost AFTER DELETE ON tags BEGIN
    DELETE FROM tag_search WHERE rowid = old.row;
END;

-- What people searched for, folded: ever, and by the minute in the last day.
CREATE TABLE search_terms (text TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX search_terms_by_count ON search_terms (count DESC, text);

CREATE TABLE searches (
    minute_at_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (minute_at_ms, text)
) WITHOUT ROWID;
