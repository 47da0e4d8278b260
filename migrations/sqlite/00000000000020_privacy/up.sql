-- The digest under which an event stands in its chain, where words of its payload were erased.
ALTER TABLE events ADD COLUMN digest TEXT;

-- What was erased of a case, when and under which rule or whose decision, signed; `body` is the whole document.
CREATE TABLE tombstones (
    id      INTEGER PRIMARY KEY NOT NULL,
    case_id BIGINT NOT NULL REFERENCES cases (id),
    at      TIMESTAMP NOT NULL,
    classes TEXT NOT NULL,
    body    TEXT NOT NULL
);
CREATE INDEX tombstones_case ON tombstones (case_id);

-- Bytes that no attachment names any more: set aside first, removed some minutes later.
CREATE TABLE file_erasures (
    sha256       TEXT PRIMARY KEY NOT NULL,
    at           TIMESTAMP NOT NULL,
    is_set_aside BOOLEAN NOT NULL DEFAULT 0
);

-- Nothing of the case, or of any case of the citizen, is erased while a hold stands.
CREATE TABLE holds (
    id         INTEGER PRIMARY KEY NOT NULL,
    case_id    BIGINT REFERENCES cases (id),
    citizen_id BIGINT,
    reason     TEXT NOT NULL,
    until      TIMESTAMP,
    placed_by  BIGINT NOT NULL REFERENCES users (id),
    placed_at  TIMESTAMP NOT NULL,
    lifted_by  BIGINT REFERENCES users (id),
    lifted_at  TIMESTAMP
);
CREATE UNIQUE INDEX holds_case ON holds (case_id) WHERE case_id IS NOT NULL AND lifted_at IS NULL;
CREATE UNIQUE INDEX holds_citizen ON holds (citizen_id) WHERE citizen_id IS NOT NULL AND lifted_at IS NULL;

-- Closed cases by the age from which retention counts.
CREATE INDEX cases_closed ON cases (closed_at, id) WHERE closed_at IS NOT NULL;

-- How far the walk through all cases has come that erases what is past its time; one row.
CREATE TABLE retention_walk (
    id       INTEGER PRIMARY KEY NOT NULL,
    after_at TIMESTAMP,
    after    BIGINT NOT NULL,
    began_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    examined BIGINT NOT NULL,
    erased   BIGINT NOT NULL
);

-- A citizen's wish that everything of theirs be erased, and what the privacy officer decided.
CREATE TABLE erasure_requests (
    id           INTEGER PRIMARY KEY NOT NULL,
    citizen_id   BIGINT NOT NULL,
    channel      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    recorded_by  BIGINT REFERENCES users (id),
    at           TIMESTAMP NOT NULL,
    due_at       TIMESTAMP NOT NULL,
    state        TEXT NOT NULL,
    reason_code  TEXT,
    source       TEXT,
    words        TEXT,
    decided_by   BIGINT REFERENCES users (id),
    decided_at   TIMESTAMP
);
CREATE INDEX erasure_requests_citizen ON erasure_requests (citizen_id);
CREATE INDEX erasure_requests_open ON erasure_requests (state, due_at);
CREATE UNIQUE INDEX erasure_requests_one ON erasure_requests (citizen_id) WHERE state = 'open';

-- All data of one citizen, asked for by the citizen; the archive is made while it is downloaded.
CREATE TABLE exports (
    id                  INTEGER PRIMARY KEY NOT NULL,
    citizen_id          BIGINT NOT NULL,
    case_id             BIGINT,
    reason              TEXT NOT NULL,
    identity_checked_by TEXT NOT NULL,
    requested_by        BIGINT REFERENCES users (id),
    at                  TIMESTAMP NOT NULL,
    code_hash           TEXT,
    wrong_codes         INTEGER NOT NULL,
    confirmed_at        TIMESTAMP,
    expires_at          TIMESTAMP NOT NULL,
    downloads           INTEGER NOT NULL
);
CREATE INDEX exports_citizen ON exports (citizen_id);

-- What was corrected in a citizen's record, with the value before; sealed, as the record itself is.
CREATE TABLE corrections (
    id          INTEGER PRIMARY KEY NOT NULL,
    citizen_id  BIGINT NOT NULL,
    field       TEXT NOT NULL,
    old_value   TEXT,
    new_value   TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    reason      TEXT NOT NULL,
    recorded_by BIGINT NOT NULL REFERENCES users (id),
    at          TIMESTAMP NOT NULL
);
CREATE INDEX corrections_citizen ON corrections (citizen_id);
