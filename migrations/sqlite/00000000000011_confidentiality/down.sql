DROP TABLE identity_reads;
DROP TABLE identity_requests;
DROP TABLE attachment_releases;
DROP TABLE extracts;
