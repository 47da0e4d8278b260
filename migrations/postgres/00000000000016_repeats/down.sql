DROP TABLE contact_plan_reviews;
DROP TABLE contact_plans;
DROP TABLE repeats;
DROP INDEX citizens_without_household;
DROP INDEX citizens_household_index;
DROP INDEX citizens_household_head_index;
ALTER TABLE citizens DROP COLUMN household_index;
ALTER TABLE citizens DROP COLUMN household_head_index;
ALTER TABLE citizens DROP COLUMN household_head;
