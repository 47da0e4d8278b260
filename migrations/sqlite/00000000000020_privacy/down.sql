DROP TABLE corrections;
DROP TABLE exports;
DROP TABLE erasure_requests;
DROP TABLE retention_walk;
DROP INDEX cases_closed;
DROP TABLE holds;
DROP TABLE file_erasures;
DROP TABLE tombstones;
ALTER TABLE events DROP COLUMN digest;
