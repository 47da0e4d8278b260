-- The words of a case in their search form; kept beside the case, filled in the same transaction.
CREATE TABLE case_search (
    case_id BIGINT PRIMARY KEY REFERENCES cases (id),
    words   TSVECTOR NOT NULL
);
CREATE INDEX case_search_words ON case_search USING GIN (words);
