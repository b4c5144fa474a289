-- What only a seed makes: other slugs of a category, and clips that nobody has cut.

CREATE TABLE category_aliases (
    slug TEXT PRIMARY KEY COLLATE NOCASE,
    category_row INTEGER NOT NULL REFERENCES categories ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX category_aliases_by_category ON category_aliases (category_row);

ALTER TABLE clips ADD COLUMN is_simulated INTEGER NOT NULL DEFAULT 0;
