-- Who lives together: the head of the household, where one is named, and keyed digests of the head and of the postal
-- code with the folded address.
ALTER TABLE citizens ADD COLUMN household_head TEXT;
ALTER TABLE citizens ADD COLUMN household_head_index TEXT;
ALTER TABLE citizens ADD COLUMN household_index TEXT;
CREATE INDEX citizens_household_head_index ON citizens (household_head_index) WHERE household_head_index IS NOT NULL;
CREATE INDEX citizens_household_index ON citizens (household_index) WHERE household_index IS NOT NULL;
-- records whose address was written before there were households
CREATE INDEX citizens_without_household ON citizens (id)
    WHERE household_index IS NULL AND postal_code IS NOT NULL AND address IS NOT NULL;

-- Earlier cases of the same citizen or household on the same matter, as they were found when a case was registered.
CREATE TABLE repeats (
    case_id    BIGINT NOT NULL REFERENCES cases (id),
    earlier_id BIGINT NOT NULL REFERENCES cases (id),
    relation   TEXT NOT NULL,
    grounds    TEXT NOT NULL,
    likeness   INTEGER NOT NULL,
    at         TIMESTAMP NOT NULL,
    PRIMARY KEY (case_id, earlier_id)
);
CREATE INDEX repeats_earlier ON repeats (earlier_id);

-- How a citizen with many contacts is served: proposed by one person, confirmed by another, until its review date.
CREATE TABLE contact_plans (
    id                BIGINT PRIMARY KEY,
    citizen_id        BIGINT NOT NULL REFERENCES citizens (id),
    state             TEXT NOT NULL,
    reasons           TEXT NOT NULL,
    measures          TEXT NOT NULL,
    contact_office_id BIGINT REFERENCES offices (id),
    subjects          TEXT,
    review_at         TIMESTAMP NOT NULL,
    renews_id         BIGINT,
    proposed_by       BIGINT NOT NULL REFERENCES users (id),
    proposed_at       TIMESTAMP NOT NULL,
    decided_by        BIGINT REFERENCES users (id),
    decided_at        TIMESTAMP,
    -- the case on which the citizen was told, and whether a notice could be sent
    case_id           BIGINT REFERENCES cases (id),
    is_told           BOOLEAN NOT NULL DEFAULT FALSE,
    ended_at          TIMESTAMP,
    ended_by          BIGINT REFERENCES users (id),
    end_reason        TEXT
);
CREATE INDEX contact_plans_citizen ON contact_plans (citizen_id, id);
CREATE INDEX contact_plans_state ON contact_plans (state, id);
CREATE UNIQUE INDEX contact_plans_active ON contact_plans (citizen_id) WHERE state = 'active';
CREATE UNIQUE INDEX contact_plans_proposed ON contact_plans (citizen_id) WHERE state = 'proposed';
CREATE INDEX contact_plans_review ON contact_plans (review_at) WHERE state = 'active';

-- The citizen's wish that a plan be reviewed, once for each plan, and the decision of a third person.
CREATE TABLE contact_plan_reviews (
    id          BIGINT PRIMARY KEY,
    plan_id     BIGINT NOT NULL UNIQUE REFERENCES contact_plans (id),
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    text        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    recorded_by BIGINT REFERENCES users (id),
    at          TIMESTAMP NOT NULL,
    result      TEXT,
    grounds     TEXT,
    decided_by  BIGINT REFERENCES users (id),
    decided_at  TIMESTAMP
);
