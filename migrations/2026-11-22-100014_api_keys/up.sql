-- Keys by which services ask: each acts as a user, with a role of its own that is at most the user's.
-- Only the SHA-256 of a key is kept: a copy of this table lets nobody in. Dead keys stay, so that it
-- can be seen what there was.
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
