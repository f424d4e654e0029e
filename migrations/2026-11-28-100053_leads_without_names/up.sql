-- A lead is known by its first name, its last name or its company, whichever are there: a form asks for
-- one name, a trade fair's list has companies. What it is called by is searched for as its name, and a
-- mistyped company is found where there is no name.
ALTER TABLE leads DROP COLUMN search_text;
ALTER TABLE leads
    ALTER COLUMN first_name DROP NOT NULL,
    ALTER COLUMN last_name DROP NOT NULL,
    ALTER COLUMN last_name_key DROP NOT NULL,
    ADD CONSTRAINT leads_have_a_name CHECK (num_nonnulls(first_name, last_name, company) > 0),
    ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (
        search_normalize(
            CASE
                WHEN first_name IS NULL THEN coalesce(last_name, company)
                WHEN last_name IS NULL THEN first_name
                ELSE first_name || ' ' || last_name
            END || E'\n' || coalesce(email, '') || E'\n' || coalesce(company, ''))
        || E'\n' || coalesce(ltrim(phone, '+'), '')
    ) STORED;

CREATE INDEX leads_beyond_ascii ON leads (id) WHERE beyond_ascii(search_text);
CREATE INDEX leads_search ON leads USING gin (
    search_text gin_trgm_ops, words_of_name(search_text), tags, (ARRAY[status]), (ARRAY[source]),
    lead_owner(assigned_to), lead_score_band(lead_score), lead_month(created_at),
    custom_fields jsonb_path_ops
);

DROP TRIGGER lead_adds_name_words ON leads;
CREATE TRIGGER lead_adds_name_words AFTER UPDATE ON leads
    FOR EACH ROW WHEN (
        OLD.first_name IS DISTINCT FROM NEW.first_name OR OLD.last_name IS DISTINCT FROM NEW.last_name
        OR OLD.company IS DISTINCT FROM NEW.company)
    EXECUTE FUNCTION lead_adds_name_words();
