-- What a citizen may do after the answer: object once, rate, and go one level up.
ALTER TABLE cases ADD COLUMN objections INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN rating INTEGER;
-- until when a closed case may be rated, objected to and appealed; window_until is that of an answered one
ALTER TABLE cases ADD COLUMN remedy_until TIMESTAMP;

CREATE TABLE objections (
    id          INTEGER PRIMARY KEY NOT NULL,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    referral_id BIGINT NOT NULL REFERENCES referrals (id),
    text        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    recorded_by BIGINT REFERENCES users (id),
    at          TIMESTAMP NOT NULL
);
CREATE INDEX objections_case ON objections (case_id);

CREATE TABLE appeals (
    id               INTEGER PRIMARY KEY NOT NULL,
    case_id          BIGINT NOT NULL REFERENCES cases (id),
    referral_id      BIGINT NOT NULL REFERENCES referrals (id),
    against_office_id BIGINT NOT NULL REFERENCES offices (id),
    cause            TEXT NOT NULL,
    text             TEXT NOT NULL,
    channel          TEXT NOT NULL,
    recorded_by      BIGINT REFERENCES users (id),
    at               TIMESTAMP NOT NULL,
    former_outcome   TEXT,
    result           TEXT,
    consequence      TEXT,
    outcome          TEXT,
    grounds          TEXT,
    decided_by       BIGINT REFERENCES users (id),
    decided_at       TIMESTAMP
);
CREATE INDEX appeals_case ON appeals (case_id);

-- One row a round: a new answer is rated anew, a second rating in the window replaces the first.
CREATE TABLE ratings (
    id          INTEGER PRIMARY KEY NOT NULL,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    round       INTEGER NOT NULL,
    score       INTEGER NOT NULL,
    comment     TEXT,
    channel     TEXT NOT NULL,
    recorded_by BIGINT REFERENCES users (id),
    at          TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX ratings_round ON ratings (case_id, round);
