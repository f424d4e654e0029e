CREATE FUNCTION search_normalize(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN RETURN lower(public.unaccent('public.unaccent', value)); END $$;
CREATE FUNCTION prefix_pattern(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN RETURN regexp_replace(search_normalize(value), '([\\%_])', '\\\1', 'g') || '%'; END $$;
CREATE FUNCTION search_pattern(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN RETURN '%' || prefix_pattern(value); END $$;

ALTER TABLE free_email_domains DROP CONSTRAINT free_email_domains_domain_check,
    ADD CONSTRAINT free_email_domains_domain_check CHECK (domain = lower(domain) AND btrim(domain) <> '');
ALTER TABLE users DROP CONSTRAINT users_email_check,
    ADD CONSTRAINT users_email_check CHECK (email = lower(email) AND btrim(email) <> ''),
    ALTER COLUMN full_name TYPE text COLLATE "default";
DROP TABLE text_forms;

DROP TRIGGER lead_adds_name_words ON leads;
-- There was no place for an extension.
UPDATE leads SET phone = split_part(phone, ';', 1) WHERE phone LIKE '%;%';
ALTER TABLE leads
    DROP COLUMN search_text,
    DROP COLUMN last_name_key,
    DROP COLUMN company_key,
    DROP COLUMN email_key,
    DROP COLUMN tag_keys,
    DROP CONSTRAINT leads_phone_check;
ALTER TABLE leads
    ALTER COLUMN phone TYPE text COLLATE "default",
    ADD CONSTRAINT leads_phone_check CHECK (phone ~ '^\+[0-9]{4,17}$'),
    ADD COLUMN last_name_key text COLLATE "C" GENERATED ALWAYS AS (search_normalize(last_name)) STORED,
    ADD COLUMN company_key text COLLATE "C" GENERATED ALWAYS AS (search_normalize(company)) STORED,
    ADD COLUMN email_key text COLLATE "C" GENERATED ALWAYS AS (lower(email)) STORED,
    ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (
        search_normalize(
            CASE
                WHEN first_name IS NULL THEN coalesce(last_name, company)
                WHEN last_name IS NULL THEN first_name
                ELSE first_name || ' ' || last_name
            END || E'\n' || coalesce(email, '') || E'\n' || coalesce(company, ''))
        || E'\n' || coalesce(ltrim(phone, '+'), '')
    ) STORED;

CREATE INDEX leads_last_name ON leads (last_name_key, id);
CREATE INDEX leads_company ON leads (company_key, id);
CREATE INDEX leads_email ON leads (email_key);
CREATE INDEX leads_email_domain ON leads (split_part(email_key, '@', 2) COLLATE "C");
CREATE INDEX leads_beyond_ascii ON leads (id) WHERE beyond_ascii(search_text);
CREATE INDEX leads_search ON leads USING gin (
    search_text gin_trgm_ops, words_of_name(search_text), tags, (ARRAY[status]), (ARRAY[source]),
    lead_owner(assigned_to), lead_score_band(lead_score), lead_month(created_at),
    custom_fields jsonb_path_ops
);
CREATE TRIGGER lead_adds_name_words AFTER UPDATE ON leads
    FOR EACH ROW WHEN (
        OLD.first_name IS DISTINCT FROM NEW.first_name OR OLD.last_name IS DISTINCT FROM NEW.last_name
        OR OLD.company IS DISTINCT FROM NEW.company)
    EXECUTE FUNCTION lead_adds_name_words();
