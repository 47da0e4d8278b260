-- What was sealed stays sealed: an older version cannot read it.
DROP TABLE words_to_seal;
DROP TABLE clear_traces;
DROP TABLE sealed_words;
