DROP TABLE login_addresses;
DROP FUNCTION end_login_attempt;
DROP FUNCTION begin_login_attempt;
DROP TABLE login_attempts;

CREATE UNLOGGED TABLE sign_in_tries (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    tries timestamptz[] NOT NULL
);

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
