DROP TABLE rulebook_version; DROP TABLE definitions; DROP TABLE offices;
