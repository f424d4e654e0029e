-- Before the first migration the program makes the schema and the extension pg_trgm.
CREATE TYPE user_role AS ENUM ('ADMIN', 'MANAGER', 'AGENT');

CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- In the normal form of the program (service/text).
    email text COLLATE "C" NOT NULL UNIQUE CHECK (btrim(email) <> ''),
    full_name text COLLATE "C" NOT NULL CHECK (btrim(full_name) <> ''),
    role user_role NOT NULL,
    manager_id uuid REFERENCES users ON DELETE RESTRICT CHECK (manager_id <> id),
    is_active boolean NOT NULL DEFAULT true,
    -- Argon2id in the PHC string format; without one nobody can sign in as this user by a password.
    password_hash text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- The subject of the tokens by which an identity provider names this user, where users are found by that.
    oidc_subject text COLLATE "C" UNIQUE CHECK (length(oidc_subject) BETWEEN 1 AND 255)
);

CREATE INDEX users_manager_id ON users (manager_id, id);
CREATE INDEX users_full_name ON users (full_name, id);
