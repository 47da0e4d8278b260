-- What those read who may not see the words of a sealed case: proposed by the service, confirmed by a person.
CREATE TABLE extracts (
    case_id       BIGINT NOT NULL REFERENCES cases (id),
    -- proposed or confirmed; a new proposal stands beside the confirmed one until it takes its place
    state         TEXT NOT NULL,
    subject       TEXT,
    text          TEXT NOT NULL,
    remedy_sought TEXT,
    -- the search form of subject and text, with a blank at both ends
    words         TEXT NOT NULL,
    author_id     BIGINT NOT NULL REFERENCES users (id),
    at            TIMESTAMP NOT NULL,
    -- words of the citizen that came later are not in it
    covers_until  TIMESTAMP NOT NULL,
    PRIMARY KEY (case_id, state)
);

-- Files of sealed cases that everybody who works on the case may open, each released by itself.
CREATE TABLE attachment_releases (
    attachment_id BIGINT PRIMARY KEY REFERENCES attachments (id),
    case_id       BIGINT NOT NULL REFERENCES cases (id),
    released_by   BIGINT NOT NULL REFERENCES users (id),
    at            TIMESTAMP NOT NULL
);
CREATE INDEX attachment_releases_case ON attachment_releases (case_id);

-- Who asked to see the identity behind a sealed case, and what the privacy officer decided.
CREATE TABLE identity_requests (
    id              BIGINT PRIMARY KEY,
    case_id         BIGINT NOT NULL REFERENCES cases (id),
    asked_by        BIGINT NOT NULL REFERENCES users (id),
    office_id       BIGINT NOT NULL REFERENCES offices (id),
    reason          TEXT NOT NULL,
    asked_at        TIMESTAMP NOT NULL,
    decision        TEXT,
    decided_by      BIGINT REFERENCES users (id),
    decided_at      TIMESTAMP,
    decision_reason TEXT,
    released_to     BIGINT REFERENCES users (id),
    until           TIMESTAMP,
    revoked_by      BIGINT REFERENCES users (id),
    revoked_at      TIMESTAMP,
    revoke_reason   TEXT
);
CREATE INDEX identity_requests_case ON identity_requests (case_id);
CREATE INDEX identity_requests_open ON identity_requests (id) WHERE decided_at IS NULL;
CREATE UNIQUE INDEX identity_requests_once ON identity_requests (case_id, asked_by) WHERE decided_at IS NULL;

-- Every reading of an identity, or of the words of a sealed case. It names nobody of those read about, and outlives
-- their records; hence no reference to them.
CREATE TABLE identity_reads (
    id         BIGINT PRIMARY KEY,
    case_id    BIGINT,
    citizen_id BIGINT,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    role       TEXT NOT NULL,
    office_id  BIGINT NOT NULL,
    why        TEXT NOT NULL,
    what       TEXT NOT NULL,
    request_id BIGINT,
    at         TIMESTAMP NOT NULL
);
CREATE INDEX identity_reads_case ON identity_reads (case_id, id);
CREATE INDEX identity_reads_citizen ON identity_reads (citizen_id, id) WHERE case_id IS NULL;
CREATE FUNCTION identity_reads_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'rows of identity_reads are only ever inserted'; END $$;
CREATE TRIGGER identity_reads_kept BEFORE UPDATE OR DELETE ON identity_reads
FOR EACH ROW EXECUTE FUNCTION identity_reads_kept();
