-- What is searched for and what is filtered by, in one index. A search that goes with a filter reads
-- the lists of both and leads to those leads only that are in all of them. Two indexes make two
-- bitmaps as large as either alone fits, and a third asks the table about each lead of both.

-- Whose a lead is: nobody is somebody, too.
CREATE FUNCTION lead_owner(assigned_to uuid) RETURNS uuid[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ARRAY[coalesce(assigned_to, '00000000-0000-0000-0000-000000000000'::uuid)] $$;

-- The day in UTC on which it came.
CREATE FUNCTION lead_day(created_at timestamptz) RETURNS date[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ARRAY[(created_at AT TIME ZONE 'UTC')::date] $$;

DROP INDEX leads_search;
DROP INDEX leads_name_words;
DROP INDEX leads_tags;
CREATE INDEX leads_search ON leads USING gin (
    search_text gin_trgm_ops, words_of_name(search_text), tags, (ARRAY[status]), (ARRAY[source]),
    lead_owner(assigned_to), (ARRAY[lead_score]), lead_day(created_at)
);
