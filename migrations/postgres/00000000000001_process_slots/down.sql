DROP TABLE process_slots;
