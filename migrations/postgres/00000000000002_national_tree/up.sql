CREATE TABLE offices (
    id             BIGINT PRIMARY KEY,
    code           TEXT NOT NULL UNIQUE,
    parent_id      BIGINT REFERENCES offices (id),
    level          TEXT NOT NULL,
    name_fa        TEXT NOT NULL,
    name_en        TEXT NOT NULL,
    province       TEXT,
    county         TEXT,
    email          TEXT,
    short_number   TEXT,
    calendar       TEXT,
    signpost_only  BOOLEAN NOT NULL DEFAULT FALSE,
    needs_approval BOOLEAN NOT NULL DEFAULT TRUE,
    valid_from     TIMESTAMP NOT NULL,
    valid_to       TIMESTAMP
);
CREATE INDEX offices_parent ON offices (parent_id);

-- Kinds, categories, calendars, limits, routing rules, templates, roles: one row per version.
CREATE TABLE definitions (
    id         BIGINT PRIMARY KEY,
    noun       TEXT NOT NULL,
    code       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    body       TEXT NOT NULL,
    source     TEXT NOT NULL,
    author     TEXT NOT NULL,
    valid_from TIMESTAMP NOT NULL,
    valid_to   TIMESTAMP,
    UNIQUE (noun, code, version)
);
CREATE INDEX definitions_current ON definitions (noun, valid_to);

-- Rises with every change of the tree or of a definition, so that processes know when to read again.
CREATE TABLE rulebook_version (
    id      BIGINT PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO rulebook_version (id, version) VALUES (1, 1);
