DROP TABLE former_lines;
DROP TABLE postings;
DROP INDEX cases_about_user;
DROP INDEX cases_about;
ALTER TABLE cases DROP COLUMN about_person;
ALTER TABLE cases DROP COLUMN about_user_id;
