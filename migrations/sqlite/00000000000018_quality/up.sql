-- Problems that many cases point to; what is learnt from a closing; call-backs of a random sample.
CREATE TABLE problems (
    id          INTEGER PRIMARY KEY NOT NULL,
    code        TEXT NOT NULL UNIQUE,
    name_fa     TEXT NOT NULL,
    name_en     TEXT NOT NULL,
    description TEXT NOT NULL,
    category    TEXT,
    province    TEXT,
    county      TEXT,
    office_id   BIGINT NOT NULL REFERENCES offices (id),
    user_id     BIGINT REFERENCES users (id),
    state       TEXT NOT NULL,
    cause       TEXT,
    is_public   BOOLEAN NOT NULL,
    proposed_by BIGINT REFERENCES users (id),
    created_at  TIMESTAMP NOT NULL,
    started_at  TIMESTAMP NOT NULL,
    due_at      TIMESTAMP NOT NULL,
    fired       INTEGER,
    next_at     TIMESTAMP,
    -- how often it was settled; each time every linked citizen is told once
    round       INTEGER NOT NULL,
    reason      TEXT,
    settled_at  TIMESTAMP
);
CREATE INDEX problems_office ON problems (office_id, due_at);
CREATE INDEX problems_next ON problems (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE problem_answers (
    id         INTEGER PRIMARY KEY NOT NULL,
    problem_id BIGINT NOT NULL REFERENCES problems (id),
    text_fa    TEXT NOT NULL,
    text_en    TEXT,
    author_id  BIGINT NOT NULL REFERENCES users (id),
    created_at TIMESTAMP NOT NULL,
    decided_by BIGINT REFERENCES users (id),
    decided_at TIMESTAMP
);
CREATE INDEX problem_answers_problem ON problem_answers (problem_id);

-- A case points to one problem at most. notice_at: since when its citizen is to be told.
CREATE TABLE problem_cases (
    case_id    INTEGER PRIMARY KEY NOT NULL REFERENCES cases (id),
    problem_id BIGINT NOT NULL REFERENCES problems (id),
    event_id   BIGINT NOT NULL,
    linked_by  BIGINT REFERENCES users (id),
    linked_at  TIMESTAMP NOT NULL,
    notice_at  TIMESTAMP
);
CREATE INDEX problem_cases_problem ON problem_cases (problem_id, case_id);
CREATE INDEX problem_cases_notice ON problem_cases (notice_at) WHERE notice_at IS NOT NULL;

-- That a citizen was told of a settlement: the key makes it once, whoever writes it.
CREATE TABLE problem_notices (
    problem_id BIGINT NOT NULL REFERENCES problems (id),
    round      INTEGER NOT NULL,
    -- once the case has lost its identity: a number of nobody
    citizen_id BIGINT NOT NULL,
    case_id    BIGINT NOT NULL REFERENCES cases (id),
    at         TIMESTAMP NOT NULL,
    PRIMARY KEY (problem_id, round, citizen_id)
);

CREATE TABLE problem_events (
    id         INTEGER PRIMARY KEY NOT NULL,
    problem_id BIGINT NOT NULL REFERENCES problems (id),
    at         TIMESTAMP NOT NULL,
    user_id    BIGINT REFERENCES users (id),
    office_id  BIGINT REFERENCES offices (id),
    event      TEXT NOT NULL,
    detail     TEXT
);
CREATE INDEX problem_events_problem ON problem_events (problem_id, id);

-- Why a case came about, as its closing found; of several findings the last is in force.
CREATE TABLE lessons (
    id          INTEGER PRIMARY KEY NOT NULL,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    round       INTEGER NOT NULL,
    answer_id   BIGINT REFERENCES answers (id),
    cause       TEXT NOT NULL,
    office_id   BIGINT NOT NULL REFERENCES offices (id),
    recorded_by BIGINT REFERENCES users (id),
    at          TIMESTAMP NOT NULL,
    is_in_force BOOLEAN NOT NULL
);
CREATE INDEX lessons_case ON lessons (case_id);
CREATE INDEX lessons_answer ON lessons (answer_id);
CREATE INDEX lessons_at ON lessons (at);

CREATE TABLE recommendations (
    id                 INTEGER PRIMARY KEY NOT NULL,
    case_id            BIGINT NOT NULL REFERENCES cases (id),
    answer_id          BIGINT REFERENCES answers (id),
    from_office_id     BIGINT NOT NULL REFERENCES offices (id),
    office_id          BIGINT NOT NULL REFERENCES offices (id),
    text               TEXT NOT NULL,
    state              TEXT NOT NULL,
    made_by            BIGINT REFERENCES users (id),
    made_at            TIMESTAMP NOT NULL,
    due_at             TIMESTAMP NOT NULL,
    fired              INTEGER,
    next_at            TIMESTAMP,
    reason             TEXT,
    done_text          TEXT,
    replied_by         BIGINT REFERENCES users (id),
    replied_at         TIMESTAMP,
    verified_by        BIGINT REFERENCES users (id),
    verified_office_id BIGINT REFERENCES offices (id),
    verified_at        TIMESTAMP
);
CREATE INDEX recommendations_office ON recommendations (office_id, due_at);
CREATE INDEX recommendations_case ON recommendations (case_id);
CREATE INDEX recommendations_answer ON recommendations (answer_id);
CREATE INDEX recommendations_next ON recommendations (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE quality_samples (
    id            INTEGER PRIMARY KEY NOT NULL,
    seed          TEXT NOT NULL,
    from_at       TIMESTAMP NOT NULL,
    to_at         TIMESTAMP NOT NULL,
    office_id     BIGINT NOT NULL REFERENCES offices (id),
    kind          TEXT,
    is_stratified BOOLEAN NOT NULL,
    population    BIGINT NOT NULL,
    size          BIGINT NOT NULL,
    digest        TEXT NOT NULL,
    drawn_by      BIGINT REFERENCES users (id),
    drawn_at      TIMESTAMP NOT NULL
);
CREATE INDEX quality_samples_drawn ON quality_samples (drawn_at);

CREATE TABLE callbacks (
    id         INTEGER PRIMARY KEY NOT NULL,
    sample_id  BIGINT NOT NULL REFERENCES quality_samples (id),
    position   INTEGER NOT NULL,
    case_id    BIGINT NOT NULL REFERENCES cases (id),
    citizen_id BIGINT REFERENCES citizens (id),
    -- whose work is asked about
    office_id  BIGINT NOT NULL REFERENCES offices (id),
    outcome    TEXT,
    state      TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    tried_at   TIMESTAMP,
    called_by  BIGINT REFERENCES users (id),
    claim      TEXT,
    score      INTEGER,
    answers    TEXT,
    comment    TEXT,
    finding    TEXT,
    decided_by BIGINT REFERENCES users (id),
    decided_at TIMESTAMP,
    note       TEXT
);
CREATE UNIQUE INDEX callbacks_sample ON callbacks (sample_id, position);
CREATE INDEX callbacks_case ON callbacks (case_id);
CREATE INDEX callbacks_open ON callbacks (id) WHERE state = 'open';

-- Citizens who want no call; their cases are in no sample.
CREATE TABLE no_calls (
    citizen_id  INTEGER PRIMARY KEY NOT NULL REFERENCES citizens (id),
    recorded_by BIGINT REFERENCES users (id),
    at          TIMESTAMP NOT NULL
);
