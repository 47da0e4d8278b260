DROP TABLE intake_files;
DROP TABLE intake_steps;
DROP TABLE intake_items;
