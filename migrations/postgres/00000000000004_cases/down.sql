DROP TABLE events; DROP TABLE case_scopes; DROP TABLE cases;
