-- Changes of the configuration, each agreed by two persons before it holds.
CREATE TABLE changes (
    id              BIGINT PRIMARY KEY NOT NULL,
    noun            TEXT NOT NULL,
    code            TEXT NOT NULL,
    action          TEXT NOT NULL,
    -- the whole new row as JSON; null as JSON where the row ends
    body            TEXT NOT NULL,
    -- the row that was in force when it was proposed
    base            TEXT,
    base_version    INTEGER,
    because         TEXT,
    status          TEXT NOT NULL,
    proposed_by     BIGINT NOT NULL REFERENCES users (id),
    proposed_at     TIMESTAMP NOT NULL,
    valid_from      TIMESTAMP,
    valid_to        TIMESTAMP,
    decided_by      BIGINT REFERENCES users (id),
    decided_at      TIMESTAMP,
    decision_reason TEXT,
    applied_at      TIMESTAMP,
    version         INTEGER,
    fault           TEXT,
    trial           TEXT,
    -- the change that this one takes back at its end
    follows         BIGINT REFERENCES changes (id)
);
CREATE INDEX changes_waiting ON changes (status, valid_from);
CREATE INDEX changes_row ON changes (noun, code, status);
