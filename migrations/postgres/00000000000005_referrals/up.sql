CREATE TABLE referrals (
    id             BIGINT PRIMARY KEY,
    case_id        BIGINT NOT NULL REFERENCES cases (id),
    parent_id      BIGINT REFERENCES referrals (id),
    from_office_id BIGINT NOT NULL REFERENCES offices (id),
    office_id      BIGINT NOT NULL REFERENCES offices (id),
    role           TEXT NOT NULL,
    state          TEXT NOT NULL,
    user_id        BIGINT REFERENCES users (id),
    instruction    TEXT,
    sent_by        BIGINT REFERENCES users (id),
    sent_at        TIMESTAMP NOT NULL,
    accepted_at    TIMESTAMP,
    ended_at       TIMESTAMP,
    reason_code    TEXT,
    note           TEXT,
    suggested_office_id BIGINT,
    extensions     INTEGER NOT NULL,
    is_paused      BOOLEAN NOT NULL DEFAULT FALSE,
    started_at     TIMESTAMP NOT NULL,
    due_at         TIMESTAMP,
    fired          INTEGER,
    next_at        TIMESTAMP
);
CREATE INDEX referrals_case ON referrals (case_id);
-- the inbox by due time, and its counts from the index alone
CREATE INDEX referrals_inbox ON referrals (office_id, due_at, id) WHERE ended_at IS NULL;
CREATE INDEX referrals_counts ON referrals (office_id, role, state, is_paused, due_at) WHERE ended_at IS NULL;
CREATE INDEX referrals_sent ON referrals (from_office_id, state, id);
CREATE INDEX referrals_next ON referrals (next_at) WHERE next_at IS NOT NULL;

-- Every pause, resumption, extension and recomputation of a deadline, so that credit can be audited.
CREATE TABLE clock_changes (
    id          BIGINT PRIMARY KEY,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    referral_id BIGINT REFERENCES referrals (id),
    change      TEXT NOT NULL,
    at          TIMESTAMP NOT NULL,
    due_before  TIMESTAMP,
    due_after   TIMESTAMP,
    reason      TEXT
);
CREATE INDEX clock_changes_case ON clock_changes (case_id);

CREATE TABLE answers (
    id            BIGINT PRIMARY KEY,
    case_id       BIGINT NOT NULL REFERENCES cases (id),
    referral_id   BIGINT NOT NULL REFERENCES referrals (id),
    text          TEXT NOT NULL,
    is_interim    BOOLEAN NOT NULL,
    outcome       TEXT,
    reason_code   TEXT,
    state         TEXT NOT NULL,
    author_id     BIGINT NOT NULL REFERENCES users (id),
    created_at    TIMESTAMP NOT NULL,
    decided_by    BIGINT REFERENCES users (id),
    decided_at    TIMESTAMP,
    decision_note TEXT
);
CREATE INDEX answers_case ON answers (case_id);
CREATE INDEX answers_referral ON answers (referral_id, state);
CREATE INDEX answers_waiting ON answers (referral_id) WHERE decided_at IS NULL;

CREATE TABLE questions (
    id          BIGINT PRIMARY KEY,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    referral_id BIGINT REFERENCES referrals (id),
    office_id   BIGINT NOT NULL REFERENCES offices (id),
    asked_by    BIGINT NOT NULL REFERENCES users (id),
    text        TEXT NOT NULL,
    asked_at    TIMESTAMP NOT NULL,
    wait_until  TIMESTAMP NOT NULL,
    replied_at  TIMESTAMP
);
CREATE INDEX questions_case ON questions (case_id);

CREATE TABLE notes (
    id        BIGINT PRIMARY KEY,
    case_id   BIGINT NOT NULL REFERENCES cases (id),
    office_id BIGINT NOT NULL REFERENCES offices (id),
    author_id BIGINT NOT NULL REFERENCES users (id),
    text      TEXT NOT NULL,
    at        TIMESTAMP NOT NULL
);
CREATE INDEX notes_case ON notes (case_id);

CREATE TABLE attachments (
    id          BIGINT PRIMARY KEY,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    name        TEXT NOT NULL,
    media_type  TEXT NOT NULL,
    size        BIGINT NOT NULL,
    sha256      TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    at          TIMESTAMP NOT NULL
);
CREATE INDEX attachments_case ON attachments (case_id);
