CREATE FUNCTION lead_day(created_at timestamptz) RETURNS date[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ARRAY[(created_at AT TIME ZONE 'UTC')::date] $$;
DROP INDEX leads_search;
CREATE INDEX leads_search ON leads USING gin (
    search_text gin_trgm_ops, words_of_name(search_text), tags, (ARRAY[status]), (ARRAY[source]),
    lead_owner(assigned_to), (ARRAY[lead_score]), lead_day(created_at)
);
DROP FUNCTION lead_score_band(int);
DROP FUNCTION lead_month(timestamptz);
