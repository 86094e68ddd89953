-- A comment; with what ends a statement elsewhere.
CREATE TABLE migrated (n bigint NOT NULL, text text NOT NULL);

CREATE FUNCTION doubled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.n := NEW.n * 2;
    RETURN NEW;
END;
$$;

CREATE TRIGGER doubled BEFORE INSERT ON migrated FOR EACH ROW EXECUTE FUNCTION doubled();

INSERT INTO migrated (n, text) VALUES (1, 'a;b');
