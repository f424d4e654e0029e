-- When somebody tried to sign in lately and failed, or has not yet succeeded: by account and by
-- address, each as a SHA-256. Shared by all copies of the server, so that together they let no more
-- tries through than one. Unlogged: a crash forgets a minute, and nothing has to wait for the disk.
CREATE UNLOGGED TABLE sign_in_tries (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    tries timestamptz[] NOT NULL
);

-- Takes one of the tries that are left of `most` in the minute up to `at`. Says whether there was one.
CREATE FUNCTION take_sign_in_try(key bytea, most integer, at timestamptz) RETURNS boolean
    LANGUAGE sql VOLATILE AS $$
    WITH taken AS (
        INSERT INTO sign_in_tries AS known VALUES ($1, ARRAY[$3])
        ON CONFLICT (key) DO UPDATE SET tries = $3 || ARRAY(
            SELECT try FROM unnest(known.tries) AS try WHERE try > $3 - interval '1 minute')
        WHERE $2 > (
            SELECT count(*) FROM unnest(known.tries) AS try WHERE try > $3 - interval '1 minute')
        RETURNING 1)
    SELECT EXISTS (SELECT FROM taken)
$$;
