-- Grows with every change of any user, in the order in which the changes are committed: whoever
-- knows the users as of a revision need not read them again until there is another one.
CREATE TABLE users_revision (
    is_the_row boolean PRIMARY KEY DEFAULT true CHECK (is_the_row),
    revision bigint NOT NULL
);

INSERT INTO users_revision (revision) VALUES (0);

CREATE FUNCTION users_are_revised() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users_revision SET revision = revision + 1;
    RETURN NULL;
END $$;

-- Deferred: writers queue for the row at the very end of their transactions, when they wait for
-- nothing else any more, so that nobody waits in a circle.
CREATE CONSTRAINT TRIGGER users_are_revised AFTER INSERT OR UPDATE OR DELETE ON users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION users_are_revised();
