DROP TABLE sessions;
UPDATE users_revision SET revision = revision + 1;

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
);

CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE CONSTRAINT TRIGGER users_are_revised AFTER UPDATE OR DELETE ON sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.expires_at > now())
    EXECUTE FUNCTION users_are_revised();

CREATE TRIGGER users_are_revised_at_once AFTER TRUNCATE ON sessions
    EXECUTE FUNCTION users_are_revised();

CREATE TABLE session_keys (
    id uuid PRIMARY KEY,
    secret bytea NOT NULL CHECK (octet_length(secret) = 32),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE CONSTRAINT TRIGGER users_are_revised AFTER DELETE ON session_keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION users_are_revised();
