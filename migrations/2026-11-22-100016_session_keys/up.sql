-- What sessions' tokens are signed with, shared by all copies of the server: the newest key signs, the
-- one before is still taken. They keep invented tokens away from the database; they let nobody in, for
-- the row in sessions must be there, too, under the SHA-256 of a token that nobody can guess.
CREATE TABLE session_keys (
    id uuid PRIMARY KEY,
    secret bytea NOT NULL CHECK (octet_length(secret) = 32),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Tokens of the former kind are not signed, and no longer taken.
DELETE FROM sessions;
