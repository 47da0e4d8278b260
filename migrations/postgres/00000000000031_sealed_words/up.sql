-- What was filed in a sealed case: cases.text says '[sealed]' then, cases.subject and cases.remedy_sought say nothing.
CREATE TABLE sealed_words (
    id            BIGINT PRIMARY KEY NOT NULL REFERENCES cases (id),
    subject       TEXT,
    text          TEXT NOT NULL,
    remedy_sought TEXT
);

-- Cases whose words stood in clear before they were sealed, until they are gone from the search index and the file as well.
CREATE TABLE clear_traces (
    id BIGINT PRIMARY KEY NOT NULL REFERENCES cases (id),
    at TIMESTAMP NOT NULL
);

-- Words that were written in clear before this version and are to be sealed by its first start.
CREATE TABLE words_to_seal (
    place TEXT NOT NULL,
    id    BIGINT NOT NULL,
    PRIMARY KEY (place, id)
);
INSERT INTO words_to_seal SELECT 'cases', id FROM cases WHERE is_sealed AND text <> '';
INSERT INTO words_to_seal SELECT 'objections', id FROM objections;
INSERT INTO words_to_seal SELECT 'appeals', id FROM appeals;
INSERT INTO words_to_seal SELECT 'notes', id FROM notes;
