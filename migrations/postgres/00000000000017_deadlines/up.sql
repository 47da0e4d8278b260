-- Deadlines, completed: closures declared late, consent to a second extension, the hard outer limit with its interim
-- answers and progress notices, every point that fired, and warnings to superiors.
CREATE TABLE closures (
    id                BIGINT PRIMARY KEY,
    calendar          TEXT NOT NULL,
    province          TEXT,
    first_day         TEXT NOT NULL,
    last_day          TEXT NOT NULL,
    hours             TEXT,
    reason            TEXT NOT NULL,
    source            TEXT NOT NULL,
    declared_by       BIGINT REFERENCES users (id),
    declared_at       TIMESTAMP NOT NULL,
    withdrawn_by      BIGINT REFERENCES users (id),
    withdrawn_at      TIMESTAMP,
    withdrawal_reason TEXT
);
CREATE INDEX closures_calendar ON closures (calendar, id);

-- one recomputation of all open cases: of a declaration or of a withdrawal, in the order of their ids
CREATE TABLE closure_runs (
    id            BIGINT PRIMARY KEY,
    closure_id    BIGINT NOT NULL REFERENCES closures (id),
    is_withdrawal BOOLEAN NOT NULL,
    begun_at      TIMESTAMP NOT NULL,
    cursor        BIGINT NOT NULL,
    total         BIGINT,
    finished_at   TIMESTAMP
);
CREATE INDEX closure_runs_closure ON closure_runs (closure_id);

-- each case is recomputed once by each run
CREATE TABLE closure_cases (
    run_id   BIGINT NOT NULL REFERENCES closure_runs (id),
    case_id  BIGINT NOT NULL REFERENCES cases (id),
    is_moved BOOLEAN NOT NULL,
    is_told  BOOLEAN NOT NULL,
    PRIMARY KEY (run_id, case_id)
);

CREATE TABLE extension_requests (
    id           BIGINT PRIMARY KEY,
    case_id      BIGINT NOT NULL REFERENCES cases (id),
    referral_id  BIGINT NOT NULL REFERENCES referrals (id),
    office_id    BIGINT NOT NULL REFERENCES offices (id),
    days         INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    told         TEXT NOT NULL,
    asked_by     BIGINT NOT NULL REFERENCES users (id),
    asked_at     TIMESTAMP NOT NULL,
    wait_until   TIMESTAMP NOT NULL,
    state        TEXT NOT NULL,
    answered_at  TIMESTAMP,
    answered_who TEXT,
    answered_how TEXT,
    recorded_by  BIGINT REFERENCES users (id)
);
CREATE INDEX extension_requests_case ON extension_requests (case_id);
CREATE INDEX extension_requests_waiting ON extension_requests (wait_until) WHERE answered_at IS NULL;

-- each point of a referral's clock stands once, until a closure lifts it
CREATE TABLE deadline_points (
    id             BIGINT PRIMARY KEY,
    case_id        BIGINT NOT NULL REFERENCES cases (id),
    referral_id    BIGINT REFERENCES referrals (id),
    office_id      BIGINT NOT NULL REFERENCES offices (id),
    user_id        BIGINT REFERENCES users (id),
    percent        INTEGER NOT NULL,
    due_at         TIMESTAMP NOT NULL,
    at             TIMESTAMP NOT NULL,
    told_office_id BIGINT NOT NULL REFERENCES offices (id),
    lifted_at      TIMESTAMP,
    lifted_by      BIGINT REFERENCES closures (id)
);
CREATE INDEX deadline_points_case ON deadline_points (case_id);
CREATE INDEX deadline_points_percent ON deadline_points (percent, at);
CREATE UNIQUE INDEX deadline_points_once ON deadline_points (referral_id, percent)
    WHERE lifted_at IS NULL AND referral_id IS NOT NULL;
-- what fired before this table was there
INSERT INTO deadline_points (id, case_id, referral_id, office_id, user_id, percent, due_at, at, told_office_id)
SELECT e.id, e.case_id, r.id, coalesce(r.office_id, c.intake_office_id), r.user_id, (e.payload::json->>'percent')::integer, coalesce(r.due_at, e.at), e.at,
       coalesce(r.office_id, c.intake_office_id)
FROM events e JOIN cases c ON c.id = e.case_id LEFT JOIN referrals r ON r.id = (e.payload::json->>'referral')::bigint
WHERE e.kind = 'deadline_passed';

ALTER TABLE answers ADD COLUMN expected_at TIMESTAMP;
CREATE INDEX cases_outer ON cases (outer_at) WHERE outer_at IS NOT NULL AND answered_at IS NULL AND closed_at IS NULL;

CREATE TABLE interim_demands (
    id          BIGINT PRIMARY KEY,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    referral_id BIGINT REFERENCES referrals (id),
    office_id   BIGINT NOT NULL REFERENCES offices (id),
    cause       TEXT NOT NULL,
    outer_at    TIMESTAMP NOT NULL,
    made_at     TIMESTAMP NOT NULL,
    due_at      TIMESTAMP NOT NULL,
    settled_at  TIMESTAMP,
    settled_by  TEXT,
    answer_id   BIGINT REFERENCES answers (id),
    expected_at TIMESTAMP,
    next_at     TIMESTAMP
);
CREATE UNIQUE INDEX interim_demands_once ON interim_demands (case_id, outer_at);
CREATE INDEX interim_demands_open ON interim_demands (referral_id) WHERE settled_at IS NULL;
CREATE INDEX interim_demands_next ON interim_demands (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE progress_notices (
    case_id BIGINT PRIMARY KEY NOT NULL REFERENCES cases (id),
    next_at TIMESTAMP,
    sent    INTEGER NOT NULL
);
CREATE INDEX progress_notices_next ON progress_notices (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE warnings (
    id               BIGINT PRIMARY KEY,
    key              TEXT NOT NULL UNIQUE,
    cause            TEXT NOT NULL,
    office_id        BIGINT NOT NULL REFERENCES offices (id),
    user_id          BIGINT REFERENCES users (id),
    addressed_to     BIGINT NOT NULL REFERENCES offices (id),
    case_id          BIGINT NOT NULL REFERENCES cases (id),
    count            INTEGER NOT NULL,
    state            TEXT NOT NULL,
    made_at          TIMESTAMP NOT NULL,
    steps            INTEGER NOT NULL,
    next_at          TIMESTAMP,
    decided_by       BIGINT REFERENCES users (id),
    decided_office   BIGINT REFERENCES offices (id),
    decided_at       TIMESTAMP,
    note             TEXT
);
CREATE INDEX warnings_addressed ON warnings (addressed_to, id);
CREATE INDEX warnings_office ON warnings (office_id, made_at);
CREATE INDEX warnings_next ON warnings (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE warning_cases (
    warning_id  BIGINT NOT NULL REFERENCES warnings (id),
    referral_id BIGINT NOT NULL REFERENCES referrals (id),
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    PRIMARY KEY (warning_id, referral_id)
);
CREATE INDEX warning_cases_referral ON warning_cases (referral_id);
