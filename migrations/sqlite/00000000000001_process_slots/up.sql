-- Which process holds which id slot; the next holder starts above floor_ms.
CREATE TABLE process_slots (
    slot       INTEGER PRIMARY KEY NOT NULL,
    holder     TEXT NOT NULL,
    floor_ms   BIGINT NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
