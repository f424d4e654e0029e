-- What somebody may download for an hour: the selection, not the file. Only the SHA-256 of the token in the address is
-- stored.
CREATE TABLE exports (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- By what the maker was signed in: it ends with the session, and with the key.
    session_id uuid REFERENCES sessions ON DELETE CASCADE,
    api_key_id uuid REFERENCES api_keys ON DELETE CASCADE,
    selection text NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX exports_expires_at ON exports (expires_at);
CREATE INDEX exports_session_id ON exports (session_id);
CREATE INDEX exports_user_id ON exports (user_id);
CREATE INDEX exports_api_key_id ON exports (api_key_id);
