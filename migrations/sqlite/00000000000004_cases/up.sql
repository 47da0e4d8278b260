CREATE TABLE cases (
    id                INTEGER PRIMARY KEY NOT NULL,
    tracking_code     TEXT NOT NULL UNIQUE,
    access_hash       TEXT NOT NULL,
    version           INTEGER NOT NULL,
    status            TEXT NOT NULL,
    resume_status     TEXT,
    kind              TEXT NOT NULL,
    channel           TEXT NOT NULL,
    category          TEXT,
    priority          TEXT NOT NULL,
    language          TEXT NOT NULL,
    subject           TEXT,
    text              TEXT NOT NULL,
    remedy_sought     TEXT,
    citizen_id        BIGINT REFERENCES citizens (id),
    representative    TEXT,
    is_anonymous      BOOLEAN NOT NULL DEFAULT 0,
    is_sealed         BOOLEAN NOT NULL DEFAULT 0,
    about_office_id   BIGINT REFERENCES offices (id),
    province          TEXT,
    county            TEXT,
    address           TEXT,
    lat               DOUBLE,
    lon               DOUBLE,
    external_id       TEXT,
    intake_office_id  BIGINT NOT NULL REFERENCES offices (id),
    registered_by     BIGINT REFERENCES users (id),
    holder_office_id  BIGINT NOT NULL REFERENCES offices (id),
    holder_user_id    BIGINT REFERENCES users (id),
    lead_referral_id  BIGINT,
    asked_levels      TEXT NOT NULL,
    transfers         INTEGER NOT NULL,
    reopenings        INTEGER NOT NULL,
    dismissal         TEXT,
    outcome           TEXT,
    outcome_reason    TEXT,
    outcome_text      TEXT,
    remedy            TEXT,
    received_at       TIMESTAMP NOT NULL,
    registered_at     TIMESTAMP NOT NULL,
    due_at            TIMESTAMP NOT NULL,
    outer_at          TIMESTAMP,
    triage_started_at TIMESTAMP,
    triage_due_at     TIMESTAMP,
    triage_fired      INTEGER,
    triage_next_at    TIMESTAMP,
    paused_at         TIMESTAMP,
    wait_until        TIMESTAMP,
    answered_at       TIMESTAMP,
    window_until      TIMESTAMP,
    closed_at         TIMESTAMP,
    last_seq          INTEGER NOT NULL,
    last_hash         TEXT NOT NULL,
    updated_at        TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX cases_external ON cases (channel, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX cases_citizen ON cases (citizen_id, id);
CREATE INDEX cases_triage ON cases (triage_next_at) WHERE triage_next_at IS NOT NULL;
CREATE INDEX cases_desk ON cases (holder_office_id, triage_due_at, id) WHERE triage_due_at IS NOT NULL;
CREATE INDEX cases_waiting ON cases (wait_until) WHERE wait_until IS NOT NULL;
CREATE INDEX cases_window ON cases (window_until) WHERE window_until IS NOT NULL;
CREATE INDEX cases_due ON cases (due_at, id);
CREATE INDEX cases_registered ON cases (registered_at, id);
CREATE INDEX cases_updated ON cases (updated_at, id);
CREATE INDEX cases_status ON cases (status, id);
CREATE INDEX cases_kind ON cases (kind, id);
CREATE INDEX cases_channel ON cases (channel, id);
CREATE INDEX cases_category ON cases (category, id);
CREATE INDEX cases_place ON cases (province, county, id);
CREATE INDEX cases_holder ON cases (holder_office_id, status, id);
CREATE INDEX cases_holder_user ON cases (holder_user_id, id) WHERE holder_user_id IS NOT NULL;
CREATE INDEX cases_sealed ON cases (id) WHERE is_sealed;

-- Which offices may see a case: those involved (direct) and every office above them.
CREATE TABLE case_scopes (
    office_id BIGINT NOT NULL,
    case_id   BIGINT NOT NULL,
    is_direct BOOLEAN NOT NULL,
    PRIMARY KEY (office_id, case_id)
) WITHOUT ROWID;
CREATE INDEX case_scopes_case ON case_scopes (case_id);

-- The timeline: immutable, one hash chain per case.
CREATE TABLE events (
    id        INTEGER PRIMARY KEY NOT NULL,
    case_id   BIGINT NOT NULL REFERENCES cases (id),
    seq       INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    at        TIMESTAMP NOT NULL,
    actor     TEXT NOT NULL,
    user_id   BIGINT,
    office_id BIGINT,
    payload   TEXT NOT NULL,
    hash      TEXT NOT NULL,
    UNIQUE (case_id, seq)
);
