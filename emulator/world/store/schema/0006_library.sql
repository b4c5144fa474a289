-- The library: what is told of a recording, what is cut from it, what is made of it.

-- The uid that a client uploaded a VOD by; without one, a VOD is known by its own.
ALTER TABLE vods ADD COLUMN video_uid TEXT;
UPDATE vods SET media_uid = (SELECT uid FROM streams WHERE streams.row = vods.stream_row)
    WHERE media_uid IS NULL;
CREATE INDEX vods_by_media ON vods (media_uid);
CREATE INDEX vods_public ON vods (status, visibility, created_at_ms);
CREATE INDEX vods_public_by_user ON vods (user_row, status, visibility, created_at_ms);

-- A VOD's media, a row a rendition. `source` is what the publisher sent; `uid` is where it lies.
CREATE TABLE renditions (
    row INTEGER PRIMARY KEY,
    vod_row INTEGER NOT NULL REFERENCES vods ON DELETE CASCADE,
    uid TEXT NOT NULL,
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    bitrate INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'queued',
    progress_percent INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (vod_row, name)
);
CREATE INDEX renditions_by_uid ON renditions (uid);
CREATE INDEX renditions_waiting ON renditions (status, row);
INSERT INTO renditions (vod_row, uid, name, label, width, height, bitrate, status,
        progress_percent, created_at_ms)
    SELECT vods.row, media_uid, 'source', coalesce(json_extract(qualities, '$[0][0]'), 'source'),
        coalesce(json_extract(qualities, '$[0][1]'), 0),
        coalesce(json_extract(qualities, '$[0][2]'), 0),
        coalesce(json_extract(qualities, '$[0][3]'), 0),
        iif(status = 'ready', 'ready', 'queued'), iif(status = 'ready', 100, 0), created_at_ms
    FROM vods WHERE media_uid IS NOT NULL;
-- ALTER TABLE vods DROP COLUMN qualities; -- once nothing reads it any more

CREATE TABLE chapters (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    vod_row INTEGER NOT NULL REFERENCES vods ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    is_generated INTEGER NOT NULL DEFAULT 0,
    confidence REAL
);
CREATE INDEX chapters_by_vod ON chapters (vod_row, from_ms);

-- What is searched, by the VOD's row. A VOD that changed waits until somebody searches again.
CREATE VIRTUAL TABLE vod_search USING fts5 (
    title, description, chapters, transcript, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE vods_to_index (vod_row INTEGER PRIMARY KEY REFERENCES vods ON DELETE CASCADE);
INSERT INTO vods_to_index SELECT row FROM vods;

CREATE TRIGGER vods_found AFTER INSERT ON vods BEGIN
    INSERT OR IGNORE INTO vods_to_index VALUES (new.row);
END;
CREATE TRIGGER vods_found_anew AFTER UPDATE OF title, description ON vods BEGIN
    INSERT OR IGNORE INTO vods_to_index VALUES (new.row);
END;
CREATE TRIGGER vods_lost AFTER DELETE ON vods BEGIN
    DELETE FROM vod_search WHERE rowid = old.row;
END;
CREATE TRIGGER chapters_found AFTER INSERT ON chapters BEGIN
    INSERT OR IGNORE INTO vods_to_index VALUES (new.vod_row);
END;
CREATE TRIGGER chapters_found_anew AFTER UPDATE OF title, description ON chapters BEGIN
    INSERT OR IGNORE INTO vods_to_index VALUES (new.vod_row);
END;
-- A chapter may go because its VOD goes.
CREATE TRIGGER chapters_lost AFTER DELETE ON chapters BEGIN
    INSERT OR IGNORE INTO vods_to_index SELECT row FROM vods WHERE row = old.vod_row;
END;
CREATE TRIGGER messages_of_vods_lost AFTER UPDATE OF is_deleted ON messages BEGIN
    INSERT OR IGNORE INTO vods_to_index SELECT row FROM vods WHERE stream_row = new.stream_row;
END;

-- `first_*` and `last_*` say which of the recording's segments a clip shows, and how much of the
-- outer two: bytes and ticks of 1/90,000 s, skipped in the first, kept of the last.
CREATE TABLE clips (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL UNIQUE,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    title TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'processing',
    view_count INTEGER NOT NULL DEFAULT 0,
    first_msn INTEGER,
    first_bytes INTEGER,
    first_ticks INTEGER,
    last_msn INTEGER,
    last_bytes INTEGER,
    last_ticks INTEGER,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX clips_by_stream ON clips (stream_row);
CREATE INDEX clips_by_user ON clips (user_row);
CREATE INDEX clips_by_status ON clips (status);
CREATE INDEX clips_by_views ON clips (view_count DESC, row DESC);

CREATE TABLE posts (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    vod_row INTEGER NOT NULL UNIQUE REFERENCES vods ON DELETE CASCADE,
    content TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
);

-- Pictures that were added to a VOD: of an instant of it, or a file (`jpeg`).
CREATE TABLE thumbnails (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    vod_row INTEGER NOT NULL REFERENCES vods ON DELETE CASCADE,
    position_ms INTEGER,
    jpeg BLOB,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX thumbnails_by_vod ON thumbnails (vod_row);

-- What was written about a stream. `snippets` and `chapters` are JSON.
CREATE TABLE contents (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    stream_row INTEGER NOT NULL UNIQUE REFERENCES streams ON DELETE CASCADE,
    blog_draft TEXT,
    snippets TEXT NOT NULL DEFAULT '[]',
    chapters TEXT NOT NULL DEFAULT '[]',
    summary TEXT,
    generated_at_ms INTEGER
);
