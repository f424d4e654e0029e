-- Of what a key stands for only ids, counts and codes are kept: no copy of a lead outlives the lead.
-- A key that was used before this stays used, for what it was used for.
ALTER TABLE idempotency_keys RENAME COLUMN answer TO done;

UPDATE idempotency_keys SET done = CASE
    -- The free e-mail providers: read again.
    WHEN jsonb_typeof(done) = 'array' THEN 'null'
    -- A bulk change, without what was said of its rows' fields.
    WHEN done ? 'rows' THEN jsonb_set(done, '{rows}', coalesce((
        SELECT jsonb_agg(CASE jsonb_typeof(row -> 'error')
            WHEN 'object' THEN row || jsonb_build_object('error', jsonb_build_object(
                'code', row #> '{error,code}', 'message', row #> '{error,code}', 'fields', '[]'::jsonb))
            ELSE row END ORDER BY at)
        FROM jsonb_array_elements(done -> 'rows') WITH ORDINALITY AS rows (row, at)), '[]'))
    -- A new API key.
    WHEN done ? 'key' THEN done #> '{key,id}'
    -- A lead, a note, a user, an API key.
    ELSE done -> 'id'
END;
