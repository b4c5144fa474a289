-- The library: what is told of a recording, what is cut from it, what is made of it.

-- The uid that a client uploaded a VOD by; without one, a VOD is known by its own. `media_uid` says
-- where its files lie. The recording of a simulated stream has none: it is the built-in picture,
-- as long as that stream ran.
ALTER TABLE vods ADD COLUMN video_uid TEXT;
ALTER TABLE vods ADD COLUMN loop_began_at_ms INTEGER;
ALTER TABLE vods ADD COLUMN loop_ended_at_ms INTEGER;
UPDATE vods SET media_uid = (SELECT uid FROM streams WHERE streams.row = vods.stream_row)
    WHERE media_uid IS NULL;
CREATE INDEX vods_by_media ON vods (media_uid);
CREATE INDEX vods_by_video ON vods (video_uid);
CREATE INDEX vods_public ON vods (status, visibility, created_at_ms);
CREATE INDEX vods_public_by_user ON vods (user_row, status, visibility, created_at_ms);
INSERT INTO totals SELECT 'vods', count(*) FROM vods
    WHERE visibility = 'public' AND status = 'ready';
CREATE TRIGGER vods_counted AFTER INSERT ON vods BEGIN
    UPDATE totals SET count = count + (new.visibility = 'public' AND new.status = 'ready') WHERE kind = 'vods';
END;
CREATE TRIGGER vods_uncounted AFTER DELETE ON vods BEGIN
    UPDATE totals SET count = count - (old.visibility = 'public' AND old.status = 'ready') WHERE kind = 'vods';
END;
CREATE TRIGGER vods_recounted AFTER UPDATE OF visibility, status ON vods BEGIN
    UPDATE totals SET count = count - (old.visibility = 'public' AND old.status = 'ready') + (new.visibility = 'public' AND new.status = 'ready')
        WHERE kind = 'vods';
END;

-- Who uploads a VOD posts it to their organisation.
CREATE TABLE posts (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    vod_row INTEGER NOT NULL UNIQUE REFERENCES vods ON DELETE CASCADE,
    group_id TEXT,
    content TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
);

-- What was made of a VOD beside what it is anyway: the same in another size, under a uid of its own.
CREATE TABLE renditions (
    row INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    vod_row INTEGER NOT NULL REFERENCES vods ON DELETE CASCADE,
    name TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bitrate INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'queued',
    progress_percent INTEGER NOT NULL DEFAULT 0,
    failure TEXT,
    UNIQUE (vod_row, name)
);
CREATE INDEX renditions_by_status ON renditions (status, row);

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
    title, description, chapters, transcript, tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2 3'
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
-- What was said in chat stands in the transcript.
CREATE TRIGGER messages_of_vods_hidden AFTER UPDATE OF is_deleted ON messages BEGIN
    INSERT OR IGNORE INTO vods_to_index SELECT row FROM vods WHERE stream_row = new.stream_row;
END;
CREATE TRIGGER messages_of_vods_lost AFTER DELETE ON messages BEGIN
    INSERT OR IGNORE INTO vods_to_index SELECT row FROM vods WHERE stream_row = old.stream_row;
END;

-- A clip has media of its own under its uid, so that it outlives what it was cut from.
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
    failure TEXT,
    view_count INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX clips_by_stream ON clips (stream_row, created_at_ms);
CREATE INDEX clips_by_user ON clips (user_row, created_at_ms);
CREATE INDEX clips_popular ON clips (status, view_count);

-- Pictures that were added to a VOD: of an instant of it, or a file. The last one stands for it.
CREATE TABLE thumbnails (
    row INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    vod_row INTEGER NOT NULL REFERENCES vods ON DELETE CASCADE,
    position_ms INTEGER,
    media_type TEXT,
    content BLOB,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX thumbnails_by_vod ON thumbnails (vod_row);

-- What was written about a stream. `blog`, `snippets` and `chapters` are JSON.
CREATE TABLE contents (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    stream_row INTEGER NOT NULL UNIQUE REFERENCES streams ON DELETE CASCADE,
    blog TEXT NOT NULL DEFAULT '[]',
    snippets TEXT NOT NULL DEFAULT '[]',
    chapters TEXT NOT NULL DEFAULT '[]',
    summary TEXT,
    generated_at_ms INTEGER
);

-- How much of a VOD's media players have taken, in all.
CREATE TABLE vod_watching (
    vod_row INTEGER PRIMARY KEY REFERENCES vods ON DELETE CASCADE,
    watch_ms INTEGER NOT NULL
);
