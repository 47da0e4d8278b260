-- Whom a complaint is about, beside the office: a member of staff by account, or a name as it was told (sealed).
ALTER TABLE cases ADD COLUMN about_user_id BIGINT;
ALTER TABLE cases ADD COLUMN about_person TEXT;
-- open cases about somebody, with all that is asked of them: only these are weighed in an inbox
CREATE INDEX cases_about ON cases (id, about_office_id, about_user_id, category, registered_at)
    WHERE (about_office_id IS NOT NULL OR about_user_id IS NOT NULL) AND closed_at IS NULL;
CREATE INDEX cases_about_user ON cases (about_user_id) WHERE about_user_id IS NOT NULL;

-- Who had which role where, and when: a conflict of interest outlives a change of office.
CREATE TABLE postings (
    user_id   BIGINT NOT NULL REFERENCES users (id),
    office_id BIGINT NOT NULL REFERENCES offices (id),
    role      TEXT NOT NULL,
    from_at   TIMESTAMP NOT NULL,
    to_at     TIMESTAMP,
    PRIMARY KEY (user_id, office_id, role, from_at)
);
INSERT INTO postings (user_id, office_id, role, from_at, to_at)
    SELECT r.user_id, r.office_id, r.role, u.created_at, NULL FROM user_roles r JOIN users u ON u.id = r.user_id;

-- Which offices an office was below until it was moved in the tree.
CREATE TABLE former_lines (
    office_id BIGINT NOT NULL REFERENCES offices (id),
    above_id  BIGINT NOT NULL REFERENCES offices (id),
    until_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (office_id, above_id, until_at)
);
