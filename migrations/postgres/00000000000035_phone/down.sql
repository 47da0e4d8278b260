DROP TABLE phone_callbacks;
DROP TABLE phone_case_calls;
DROP TABLE phone_pops;
DROP TABLE phone_streams;
DROP TABLE phone_seats;
DROP TABLE phone_events;
DROP TABLE phone_calls;
