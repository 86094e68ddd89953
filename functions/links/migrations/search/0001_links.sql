CREATE TABLE links (
    name TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    title TEXT NOT NULL
);
