-- Tokens of sessions are random and stand for nothing but their row: there is nothing to sign them with.
-- Those of before are signed, and no longer taken.
DROP TABLE session_keys;
DROP TABLE sessions;
UPDATE users_revision SET revision = revision + 1;

-- Only the SHA-256 of a token is kept: a copy of this table lets nobody in.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL,
    -- Written at most once in ten minutes, together with expires_at, which moves on with it.
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
);

CREATE INDEX sessions_user_id ON sessions (user_id, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- The users' revision grows with the end of a session: whoever knows who stands behind a token as of a
-- revision knows it until there is another one. Sessions that ended by themselves are told by their time.
CREATE CONSTRAINT TRIGGER users_are_revised AFTER DELETE ON sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.expires_at > now())
    EXECUTE FUNCTION users_are_revised();

-- It grows with every other change after which a token may stand for nobody, or for somebody else. That a
-- session was used and prolonged is no such change.
CREATE CONSTRAINT TRIGGER users_are_revised_by_change AFTER UPDATE ON sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.expires_at > now() AND (NEW.expires_at < OLD.expires_at OR
        (NEW.id, NEW.user_id, NEW.token_hash) IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.token_hash)))
    EXECUTE FUNCTION users_are_revised();

CREATE TRIGGER users_are_revised_at_once AFTER TRUNCATE ON sessions
    EXECUTE FUNCTION users_are_revised();
