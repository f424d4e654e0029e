-- Keys for services: each acts as a user, with a role of its own that is at most the user's. Only the SHA-256
-- of a key is stored: a copy of this table lets nobody in. Revoked and expired keys stay listed.
CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (btrim(name) <> ''),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role user_role NOT NULL,
    secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    -- NULL: the operator, by SQL.
    created_by uuid REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    -- Written at most once a minute.
    last_used_at timestamptz,
    revoked_at timestamptz
);

CREATE INDEX api_keys_user_id ON api_keys (user_id, id);

-- Not by being used. Keys that expire are told by their time.
CREATE CONSTRAINT TRIGGER auth_revision_grows
    AFTER UPDATE OF id, user_id, role, secret_hash, expires_at, revoked_at OR DELETE ON api_keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION auth_revision_grows();
CREATE TRIGGER auth_revision_grows_at_once AFTER TRUNCATE ON api_keys
    EXECUTE FUNCTION auth_revision_grows();
