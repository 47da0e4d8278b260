-- The record that stands for this person, where this one was found to be a second one of the same person.
ALTER TABLE citizens ADD COLUMN merged_into BIGINT REFERENCES citizens (id);
CREATE INDEX citizens_merged ON citizens (merged_into) WHERE merged_into IS NOT NULL;

-- Two records of one person put together: who, why, and which fields the standing record took from the other.
CREATE TABLE citizen_merges (
    id            BIGINT PRIMARY KEY,
    citizen_id    BIGINT NOT NULL,
    other_id      BIGINT NOT NULL,
    reason        TEXT NOT NULL,
    took          TEXT NOT NULL,
    merged_by     BIGINT NOT NULL REFERENCES users (id),
    merged_at     TIMESTAMP NOT NULL,
    undone_by     BIGINT REFERENCES users (id),
    undone_at     TIMESTAMP,
    undone_reason TEXT
);
CREATE INDEX citizen_merges_citizen ON citizen_merges (citizen_id, id);
CREATE UNIQUE INDEX citizen_merges_standing ON citizen_merges (other_id) WHERE undone_at IS NULL;

-- Which cases went over to the standing record, and so go back with an unmerging.
CREATE TABLE citizen_merge_cases (
    merge_id BIGINT NOT NULL REFERENCES citizen_merges (id),
    case_id  BIGINT NOT NULL REFERENCES cases (id),
    PRIMARY KEY (merge_id, case_id)
);
CREATE INDEX citizen_merge_cases_case ON citizen_merge_cases (case_id);

-- What a citizen says, with the look-up of a case, should be corrected in the own record, and what staff decided.
CREATE TABLE correction_requests (
    id            BIGINT PRIMARY KEY,
    case_id       BIGINT NOT NULL REFERENCES cases (id),
    field         TEXT NOT NULL,
    value         TEXT NOT NULL,
    grounds       TEXT,
    at            TIMESTAMP NOT NULL,
    due_at        TIMESTAMP NOT NULL,
    state         TEXT NOT NULL,
    words         TEXT,
    correction_id BIGINT,
    decided_by    BIGINT REFERENCES users (id),
    decided_at    TIMESTAMP
);
CREATE INDEX correction_requests_case ON correction_requests (case_id, id);
CREATE INDEX correction_requests_state ON correction_requests (state, id);
CREATE UNIQUE INDEX correction_requests_one ON correction_requests (case_id, field) WHERE state = 'open';
