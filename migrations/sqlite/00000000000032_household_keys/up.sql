-- addresses are folded further: housekeeping gives every record its new key
UPDATE citizens SET household_index = NULL WHERE household_index IS NOT NULL;
