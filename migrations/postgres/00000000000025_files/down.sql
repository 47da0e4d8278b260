DROP TABLE upload_parts;
DROP TABLE uploads;
DROP TABLE file_search;
DROP TABLE stored_files;
