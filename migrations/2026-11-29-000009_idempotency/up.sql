-- What a change has done, stored in the transaction that made it: ids, counts and codes alone, so that no copy
-- of a lead outlives the lead.
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    -- SHA-256 of the operation's name and its input.
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    done jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
