-- SQLite and PostgreSQL take this alike: keys are made by the function, and times are milliseconds since 1970.

CREATE TABLE users (
    id BIGINT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    version BIGINT NOT NULL,
    bio TEXT NOT NULL DEFAULT '',
    image TEXT NOT NULL DEFAULT ''
);

CREATE TABLE follows (
    follower BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    followed BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (follower, followed)
);

CREATE TABLE articles (
    id BIGINT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    author BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX articles_newest ON articles (created_at, id);
CREATE INDEX articles_author ON articles (author);

CREATE TABLE tags (
    article BIGINT NOT NULL REFERENCES articles ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (article, tag)
);

CREATE INDEX tags_tag ON tags (tag);

CREATE TABLE favorites (
    article BIGINT NOT NULL REFERENCES articles ON DELETE CASCADE,
    reader BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (article, reader)
);

CREATE INDEX favorites_reader ON favorites (reader);

CREATE TABLE comments (
    id BIGINT PRIMARY KEY,
    article BIGINT NOT NULL REFERENCES articles ON DELETE CASCADE,
    author BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX comments_article ON comments (article, created_at);
