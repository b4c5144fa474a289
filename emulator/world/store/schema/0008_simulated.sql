-- A simulated stream is live without a publisher: players are shown the built-in picture.
ALTER TABLE streams ADD COLUMN is_simulated INTEGER NOT NULL DEFAULT 0;
-- Somebody publishes that picture and may leave; a seeded stream just shows it.
ALTER TABLE streams ADD COLUMN has_synthetic_publisher INTEGER NOT NULL DEFAULT 0;

-- When the built-in picture was not shown although its stream was live: its publisher was away.
CREATE TABLE loop_pauses (
    row INTEGER PRIMARY KEY,
    media_uid TEXT NOT NULL,
    began_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER
) STRICT;
CREATE INDEX loop_pauses_by_media ON loop_pauses (media_uid);

CREATE TRIGGER loop_pauses_of_streams AFTER DELETE ON streams
    WHEN NOT EXISTS (SELECT 1 FROM vods WHERE media_uid = old.uid) BEGIN
    DELETE FROM loop_pauses WHERE media_uid = old.uid;
END;
CREATE TRIGGER loop_pauses_of_vods AFTER DELETE ON vods
    WHEN NOT EXISTS (SELECT 1 FROM vods WHERE media_uid = old.media_uid)
    AND NOT EXISTS (SELECT 1 FROM streams WHERE uid = old.media_uid) BEGIN
    DELETE FROM loop_pauses WHERE media_uid = old.media_uid;
END;
