-- Random characters of each event, so that a digest of it tells nothing of what it stands for.
ALTER TABLE events ADD COLUMN salt TEXT NOT NULL DEFAULT '';

-- One signed root over all cases for each day of Tehran that is over; one without events has one as well.
CREATE TABLE anchors (
    number    INTEGER PRIMARY KEY NOT NULL,
    day       TEXT NOT NULL UNIQUE,
    leaves    BIGINT NOT NULL,
    events    BIGINT NOT NULL,
    root      TEXT NOT NULL,
    previous  TEXT NOT NULL,
    made_at   TIMESTAMP NOT NULL,
    key       TEXT NOT NULL,
    hash      TEXT NOT NULL,
    signature TEXT NOT NULL,
    -- roots of every 256 leaves, one after the other
    blocks    TEXT NOT NULL
);

-- How far the chain of a case had come when a day was anchored: one leaf for each case that had moved on.
CREATE TABLE anchor_leaves (
    anchor   INTEGER NOT NULL REFERENCES anchors (number),
    position INTEGER NOT NULL,
    case_id  BIGINT NOT NULL,
    seq      INTEGER NOT NULL,
    hash     TEXT NOT NULL,
    PRIMARY KEY (anchor, position)
);
CREATE UNIQUE INDEX anchor_leaves_case ON anchor_leaves (case_id, seq);
