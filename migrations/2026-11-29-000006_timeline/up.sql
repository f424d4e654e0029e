CREATE TYPE note_type AS ENUM ('NOTE', 'CALL', 'EMAIL', 'MEETING', 'CHANGE');

-- One log: what people write, and every change of a lead. Rows are only ever added.
CREATE TABLE lead_notes (
    id uuid PRIMARY KEY,
    lead_id uuid NOT NULL REFERENCES leads ON DELETE RESTRICT,
    -- Without an author the system itself wrote it.
    author_id uuid REFERENCES users ON DELETE RESTRICT,
    note_type note_type NOT NULL,
    content text NOT NULL,
    -- {field: [before, after]}, or {field: after} where there was nothing before and what came is no list; by the
    -- API's names.
    changes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(changes) = 'object'),
    -- The version of a person's note that this row replaces; a version is replaced at most once.
    replaces_id uuid REFERENCES lead_notes,
    created_at timestamptz NOT NULL,
    position bigserial UNIQUE,
    CONSTRAINT lead_notes_say_something CHECK (
        CASE WHEN note_type = 'CHANGE' THEN changes <> '{}' ELSE btrim(content) <> '' END)
);

CREATE INDEX lead_notes_lead_id ON lead_notes (lead_id, position);
CREATE UNIQUE INDEX lead_notes_replaces_id ON lead_notes (replaces_id) WHERE replaces_id IS NOT NULL;

CREATE FUNCTION lead_notes_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lead_notes is append-only';
END $$;

CREATE TRIGGER lead_notes_are_kept BEFORE UPDATE ON lead_notes
    FOR EACH STATEMENT EXECUTE FUNCTION lead_notes_are_kept();

-- A sequence hands out positions in one order and transactions commit in another. So that a reader
-- who continues after a position misses nothing, each writer announces, before it draws positions,
-- the last one drawn so far: a shared advisory lock on 0x4C4E << 48 | floor, held until its end.
-- Writers never wait for each other or for readers.
CREATE FUNCTION lead_notes_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(
        (19534::bigint << 48) | CASE WHEN is_called THEN last_value ELSE last_value - 1 END)
    FROM lead_notes_position_seq;
    RETURN NULL;
END $$;

CREATE TRIGGER lead_notes_announce BEFORE INSERT ON lead_notes
    FOR EACH STATEMENT EXECUTE FUNCTION lead_notes_announce();

-- The highest position up to which every entry is committed or will never be. Entries up to it are
-- in the next snapshot that is taken, so read them in a statement after this one (READ COMMITTED).
-- Why: what was drawn before `drawn` was read belongs to a writer that is either still announced
-- (its floor is below its positions) or done, and what is done is visible before its lock goes.
CREATE FUNCTION lead_notes_horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    drawn bigint;
    announced bigint;
BEGIN
    SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END
      INTO drawn FROM lead_notes_position_seq;
    SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) INTO announced
      FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND (classid::bigint >> 16) = 19534
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RETURN least(drawn, announced);
END $$;
