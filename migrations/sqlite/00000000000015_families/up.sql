-- Cases that belong together: merged into another, a member of a group, or a part of a letter that was split.
CREATE TABLE family_links (
    id                INTEGER PRIMARY KEY NOT NULL,
    case_id           BIGINT NOT NULL REFERENCES cases (id),
    parent_id         BIGINT NOT NULL REFERENCES cases (id),
    relation          TEXT NOT NULL,
    since             TIMESTAMP NOT NULL,
    linked_by         BIGINT REFERENCES users (id),
    -- what the case left open when it began to follow, so that it can be taken up again exactly there
    aside             TEXT,
    wait_until        TIMESTAMP,
    is_representative BOOLEAN NOT NULL DEFAULT FALSE,
    household_head    TEXT,
    left_at           TIMESTAMP
);
-- a case belongs to one other at a time; the links it had before stay
CREATE UNIQUE INDEX family_links_case ON family_links (case_id) WHERE left_at IS NULL;
CREATE INDEX family_links_parent ON family_links (parent_id) WHERE left_at IS NULL;

-- A group as it was last counted, and a closing that waits for its second person.
CREATE TABLE families (
    case_id     INTEGER PRIMARY KEY NOT NULL REFERENCES cases (id),
    is_mass     BOOLEAN NOT NULL,
    persons     INTEGER NOT NULL,
    households  INTEGER NOT NULL,
    -- whether the citizen of the lead case is one of the representatives
    lead_speaks BOOLEAN NOT NULL,
    closing     TEXT
);
