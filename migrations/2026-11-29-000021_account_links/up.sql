-- Set from the invitation of a user until the user accepts it: who is not active and has none was deactivated.
ALTER TABLE users ADD COLUMN invited_at timestamptz;

-- Links with which somebody chooses a password without being signed in. Only the SHA-256 of a token is stored: a copy
-- of this table lets nobody in.
CREATE TABLE account_links (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    -- A user's next link replaces the one before. Null: the link makes the first administrator.
    user_id uuid UNIQUE REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);

CREATE INDEX account_links_expires_at ON account_links (expires_at);
