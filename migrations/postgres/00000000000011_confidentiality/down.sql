DROP TABLE identity_reads;
DROP FUNCTION identity_reads_kept();
DROP TABLE identity_requests;
DROP TABLE attachment_releases;
DROP TABLE extracts;
