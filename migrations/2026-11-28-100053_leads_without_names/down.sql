DROP TRIGGER lead_adds_name_words ON leads;
CREATE TRIGGER lead_adds_name_words AFTER UPDATE ON leads
    FOR EACH ROW WHEN (OLD.first_name <> NEW.first_name OR OLD.last_name <> NEW.last_name)
    EXECUTE FUNCTION lead_adds_name_words();

-- Who has one name of the two, or a company alone, is called by that twice.
UPDATE leads SET first_name = coalesce(first_name, last_name, company),
    last_name = coalesce(last_name, first_name, company)
WHERE first_name IS NULL OR last_name IS NULL;

ALTER TABLE leads DROP COLUMN search_text;
ALTER TABLE leads
    DROP CONSTRAINT leads_have_a_name,
    ALTER COLUMN first_name SET NOT NULL,
    ALTER COLUMN last_name SET NOT NULL,
    ALTER COLUMN last_name_key SET NOT NULL,
    ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (
        search_normalize(first_name || ' ' || last_name || E'\n' || coalesce(email, '') || E'\n'
                         || coalesce(company, '')) || E'\n' || coalesce(ltrim(phone, '+'), '')
    ) STORED;

CREATE INDEX leads_beyond_ascii ON leads (id) WHERE beyond_ascii(search_text);
CREATE INDEX leads_search ON leads USING gin (
    search_text gin_trgm_ops, words_of_name(search_text), tags, (ARRAY[status]), (ARRAY[source]),
    lead_owner(assigned_to), lead_score_band(lead_score), lead_month(created_at),
    custom_fields jsonb_path_ops
);
