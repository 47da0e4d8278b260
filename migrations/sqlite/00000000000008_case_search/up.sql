-- The words of a case in their search form; kept beside the case, filled in the same transaction.
CREATE VIRTUAL TABLE case_search USING fts5 (words, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0');
