-- Only the SHA-256 of a token is stored: a copy of this table lets nobody in.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL,
    -- Written at most once in ten minutes, together with expires_at, which moves on with it.
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
);

CREATE INDEX sessions_user_id ON sessions (user_id, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Sessions that expire are told by their time.
CREATE CONSTRAINT TRIGGER auth_revision_grows AFTER DELETE ON sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.expires_at > now())
    EXECUTE FUNCTION auth_revision_grows();
-- With every other change after which a token may stand for nobody, or for somebody else; not by being used and
-- prolonged.
CREATE CONSTRAINT TRIGGER auth_revision_grows_by_change AFTER UPDATE ON sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.expires_at > now() AND (NEW.expires_at < OLD.expires_at OR
        (NEW.id, NEW.user_id, NEW.token_hash) IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.token_hash)))
    EXECUTE FUNCTION auth_revision_grows();
CREATE TRIGGER auth_revision_grows_at_once AFTER TRUNCATE ON sessions
    EXECUTE FUNCTION auth_revision_grows();

-- Attempts to sign in of the last minute: those that failed, and those whose password is being
-- checked; by account and by address, each as a SHA-256. Shared by all copies of the server, so that
-- together they let no more failures through than one. Unlogged: a crash forgets a minute, and
-- nothing has to wait for the disk.
CREATE UNLOGGED TABLE login_attempts (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    failed timestamptz[] NOT NULL DEFAULT '{}',
    pending timestamptz[] NOT NULL DEFAULT '{}'
);

-- Begins an attempt under all of these keys or under none. REFUSED: under one of them as many failed
-- within a minute as may. WAIT: as many would have failed if those whose password is being checked
-- failed too. An attempt that nobody ended within ten seconds counts as failed: whoever hangs up before
-- the answer gains nothing. The attempt is named by its time, which no other under these keys has.
CREATE FUNCTION begin_login_attempt(keys bytea[], most integer[], OUT verdict text, OUT attempt timestamptz)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    known record;
    failures bigint;
    checked bigint;
    minute_ago timestamptz := clock_timestamp() - interval '1 minute';
BEGIN
    attempt := clock_timestamp();
    verdict := 'STARTED';
    INSERT INTO login_attempts (key) SELECT k FROM unnest(keys) AS k ORDER BY k ON CONFLICT DO NOTHING;
    -- Locked in the order of the keys, so that nobody waits in a circle.
    FOR known IN
        SELECT a.failed, a.pending, wanted.most FROM login_attempts AS a
        JOIN unnest(keys, most) AS wanted (key, most) ON wanted.key = a.key ORDER BY a.key FOR UPDATE OF a
    LOOP
        SELECT count(*) INTO failures FROM unnest(known.failed) AS f WHERE f > minute_ago;
        SELECT failures + count(*) FILTER (WHERE p <= attempt - interval '10 seconds'),
               count(*) FILTER (WHERE p > attempt - interval '10 seconds')
            INTO failures, checked FROM unnest(known.pending) AS p WHERE p > minute_ago;
        IF failures >= known.most THEN
            verdict := 'REFUSED';
        ELSIF failures + checked >= known.most AND verdict = 'STARTED' THEN
            verdict := 'WAIT';
        END IF;
        WHILE attempt = ANY (known.failed || known.pending) LOOP
            attempt := attempt + interval '1 microsecond';
        END LOOP;
    END LOOP;
    IF verdict = 'STARTED' THEN
        UPDATE login_attempts AS a SET
            failed = ARRAY(SELECT f FROM unnest(a.failed) AS f WHERE f > minute_ago),
            pending = attempt || ARRAY(SELECT p FROM unnest(a.pending) AS p WHERE p > minute_ago)
        WHERE a.key = ANY (keys);
    END IF;
END
$$;

-- Ends an attempt that was begun under these keys.
CREATE FUNCTION end_login_attempt(keys bytea[], attempt timestamptz, has_failed boolean) RETURNS void
    LANGUAGE sql VOLATILE AS $$
    WITH locked AS (SELECT key FROM login_attempts WHERE key = ANY ($1) ORDER BY key FOR UPDATE)
    UPDATE login_attempts AS a SET
        pending = array_remove(a.pending, $2),
        failed = CASE WHEN $3 THEN array_append(a.failed, $2) ELSE a.failed END
    FROM locked WHERE locked.key = a.key
$$;

-- Addresses, as SHA-256 together with the account's, from which a user signed in within 30 days:
-- failures elsewhere do not count there.
CREATE TABLE login_addresses (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    address bytea NOT NULL CHECK (octet_length(address) = 32),
    last_login_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, address)
);
