DROP TABLE ratings;
DROP TABLE appeals;
DROP TABLE objections;
ALTER TABLE cases DROP COLUMN remedy_until;
ALTER TABLE cases DROP COLUMN rating;
ALTER TABLE cases DROP COLUMN objections;
