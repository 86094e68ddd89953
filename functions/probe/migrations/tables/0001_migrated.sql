-- A comment; with what ends a statement elsewhere.
CREATE TABLE migrated (n INTEGER NOT NULL, text TEXT NOT NULL);

CREATE TRIGGER doubled AFTER INSERT ON migrated BEGIN
    UPDATE migrated SET n = n * 2 WHERE text = new.text;
END;

INSERT INTO migrated (n, text) VALUES (1, 'a;b');
