CREATE INDEX lead_notes_author_id ON lead_notes (author_id);
DROP INDEX lead_notes_replaces_id;

CREATE FUNCTION lead_notes_changes(object jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(value) = 'array'
               THEN jsonb_build_object('field', key, 'old', value -> 0, 'new', value -> 1)
               ELSE jsonb_build_object('field', key, 'old', NULL, 'new', value) END ORDER BY key COLLATE "C"), '[]')
      FROM jsonb_each(object)
$$;
ALTER TABLE lead_notes
    DROP CONSTRAINT lead_notes_changes_check,
    DROP CONSTRAINT lead_notes_say_something,
    ALTER COLUMN changes DROP DEFAULT,
    ALTER COLUMN changes TYPE jsonb USING lead_notes_changes(changes),
    ALTER COLUMN changes SET DEFAULT '[]',
    ADD CONSTRAINT lead_notes_changes_check CHECK (jsonb_typeof(changes) = 'array'),
    ADD CONSTRAINT lead_notes_say_something CHECK (
        CASE WHEN note_type = 'CHANGE' THEN changes <> '[]' ELSE btrim(content) <> '' END),
    ADD CONSTRAINT lead_notes_replaces_id_key UNIQUE (replaces_id);
DROP FUNCTION lead_notes_changes(jsonb);
