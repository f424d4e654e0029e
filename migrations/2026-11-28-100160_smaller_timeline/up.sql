-- The changes of a lead as {field: [before, after]}, or {field: after} where there was nothing before and
-- what came is no list. As [{field, old, new}] they took two fifths of the database. Of what entries replace
-- only those that replace something are indexed, and no query asks for an author's entries.
CREATE FUNCTION lead_notes_changes(list jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(change ->> 'field',
               CASE WHEN change -> 'old' = 'null' AND jsonb_typeof(change -> 'new') <> 'array'
                    THEN change -> 'new'
                    ELSE jsonb_build_array(change -> 'old', change -> 'new') END), '{}')
      FROM jsonb_array_elements(list) AS change
$$;
ALTER TABLE lead_notes
    DROP CONSTRAINT lead_notes_changes_check,
    DROP CONSTRAINT lead_notes_say_something,
    DROP CONSTRAINT lead_notes_replaces_id_key,
    ALTER COLUMN changes DROP DEFAULT,
    ALTER COLUMN changes TYPE jsonb USING lead_notes_changes(changes),
    ALTER COLUMN changes SET DEFAULT '{}',
    ADD CONSTRAINT lead_notes_changes_check CHECK (jsonb_typeof(changes) = 'object'),
    ADD CONSTRAINT lead_notes_say_something CHECK (
        CASE WHEN note_type = 'CHANGE' THEN changes <> '{}' ELSE btrim(content) <> '' END);
DROP FUNCTION lead_notes_changes(jsonb);

CREATE UNIQUE INDEX lead_notes_replaces_id ON lead_notes (replaces_id) WHERE replaces_id IS NOT NULL;
DROP INDEX lead_notes_author_id;
ANALYZE lead_notes;
