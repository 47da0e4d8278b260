DROP TABLE item_pages;
DROP TABLE item_readings;
DROP INDEX messages_letters;
DROP TABLE paper_letters;
DROP TABLE letter_batches;
