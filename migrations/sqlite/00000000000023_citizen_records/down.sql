DROP TABLE correction_requests;
DROP TABLE citizen_merge_cases;
DROP TABLE citizen_merges;
DROP INDEX citizens_merged;
ALTER TABLE citizens DROP COLUMN merged_into;
