CREATE TABLE users (
    id            BIGINT PRIMARY KEY,
    username      TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    email         TEXT,
    password_hash TEXT NOT NULL,
    is_active     BOOLEAN NOT NULL DEFAULT TRUE,
    created_at    TIMESTAMP NOT NULL
);
CREATE TABLE user_roles (
    user_id   BIGINT NOT NULL REFERENCES users (id),
    role      TEXT NOT NULL,
    office_id BIGINT NOT NULL REFERENCES offices (id),
    PRIMARY KEY (user_id, role, office_id)
);
CREATE INDEX user_roles_office ON user_roles (office_id);

CREATE TABLE refresh_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    session_id BIGINT NOT NULL,
    user_id    BIGINT NOT NULL REFERENCES users (id),
    issued_at  TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP,
    revoked_at TIMESTAMP
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);

-- Failed sign-ins and look-ups by hashed subject: user name, tracking code or address.
CREATE TABLE failures (
    subject      TEXT NOT NULL PRIMARY KEY,
    count        INTEGER NOT NULL,
    last_at      TIMESTAMP NOT NULL,
    locked_until TIMESTAMP
);

CREATE TABLE gateways (
    id         BIGINT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    key_hash   TEXT NOT NULL UNIQUE,
    channels   TEXT NOT NULL,
    office_id  BIGINT NOT NULL REFERENCES offices (id),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);

CREATE TABLE citizens (
    id                BIGINT PRIMARY KEY,
    kind              TEXT NOT NULL,
    identifier        TEXT UNIQUE,
    name              TEXT,
    mobile            TEXT,
    phone             TEXT,
    email             TEXT,
    address           TEXT,
    postal_code       TEXT,
    preferred_channel TEXT,
    language          TEXT NOT NULL,
    created_at        TIMESTAMP NOT NULL,
    updated_at        TIMESTAMP NOT NULL
);
CREATE INDEX citizens_mobile ON citizens (mobile);
CREATE INDEX citizens_email ON citizens (email);

CREATE TABLE audit (
    id      BIGINT PRIMARY KEY,
    at      TIMESTAMP NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
);
CREATE INDEX audit_subject ON audit (subject);
