-- the former version gives every record its former key
UPDATE citizens SET household_index = NULL WHERE household_index IS NOT NULL;
