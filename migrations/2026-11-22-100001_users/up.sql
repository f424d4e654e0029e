CREATE TYPE user_role AS ENUM ('ADMIN', 'MANAGER', 'AGENT');

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text COLLATE "C" NOT NULL UNIQUE CHECK (email = lower(email) AND btrim(email) <> ''),
    full_name text NOT NULL CHECK (btrim(full_name) <> ''),
    role user_role NOT NULL,
    manager_id uuid REFERENCES users ON DELETE RESTRICT CHECK (manager_id <> id),
    is_active boolean NOT NULL DEFAULT true,
    -- Argon2id in the PHC string format; without one nobody can sign in as this user.
    password_hash text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE INDEX users_manager_id ON users (manager_id, id);
CREATE INDEX users_full_name ON users (full_name, id);

-- Only the SHA-256 of a token is kept: a copy of this table lets nobody in.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
);

CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
