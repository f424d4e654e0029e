-- Grows with every change of a user, and with the end of a session or an API key, in the order in which the
-- changes are committed. Cached authentication is valid for one revision.
CREATE TABLE auth_revision (
    is_the_row boolean PRIMARY KEY DEFAULT true CHECK (is_the_row),
    revision bigint NOT NULL
);

INSERT INTO auth_revision (revision) VALUES (0);

CREATE FUNCTION auth_revision_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE auth_revision SET revision = revision + 1;
    RETURN NULL;
END $$;

-- Deferred: writers queue for the row at the very end of their transactions, when they wait for nothing else
-- any more, so that they cannot deadlock.
CREATE CONSTRAINT TRIGGER auth_revision_grows AFTER INSERT OR UPDATE OR DELETE ON users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION auth_revision_grows();
