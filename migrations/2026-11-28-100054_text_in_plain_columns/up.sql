-- What leads are searched, sorted and compared by is worked out by the program (service/text) and stored
-- in plain columns: lower() follows the database's locale, and unaccent() leaves letters as they were
-- composed. The program fills these columns for the leads that are there, in batches, when it has run
-- the migrations: text_forms says how far it has come.
DROP TRIGGER lead_adds_name_words ON leads;
DROP INDEX leads_search;
ALTER TABLE leads
    ALTER COLUMN search_text DROP EXPRESSION,
    ALTER COLUMN last_name_key DROP EXPRESSION,
    ALTER COLUMN company_key DROP EXPRESSION,
    ALTER COLUMN email_key DROP EXPRESSION;
ALTER TABLE leads
    ADD COLUMN tag_keys text[] NOT NULL DEFAULT '{}' CHECK (array_position(tag_keys, NULL) IS NULL),
    DROP CONSTRAINT leads_phone_check,
    -- E.164, and the extension as RFC 3966 writes it.
    ADD CONSTRAINT leads_phone_check CHECK (phone ~ '^\+[0-9]{4,17}(;ext=[0-9]{1,10})?$'),
    ALTER COLUMN phone TYPE text COLLATE "C";

CREATE INDEX leads_search ON leads USING gin (
    search_text gin_trgm_ops, words_of_name(search_text), tag_keys, (ARRAY[status]), (ARRAY[source]),
    lead_owner(assigned_to), lead_score_band(lead_score), lead_month(created_at),
    custom_fields jsonb_path_ops
);
CREATE TRIGGER lead_adds_name_words AFTER UPDATE ON leads
    FOR EACH ROW WHEN (OLD.search_text <> NEW.search_text)
    EXECUTE FUNCTION lead_adds_name_words();

CREATE TABLE text_forms (
    is_the_row boolean PRIMARY KEY DEFAULT true CHECK (is_the_row),
    -- That of the functions whose results all leads have.
    version integer NOT NULL,
    -- Up to which lead those of the next version have been filled in.
    filled_to uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO text_forms (version) VALUES (0);

-- These followed the database's locale, too.
ALTER TABLE users DROP CONSTRAINT users_email_check,
    ADD CONSTRAINT users_email_check CHECK (btrim(email) <> ''),
    ALTER COLUMN full_name TYPE text COLLATE "C";
ALTER TABLE free_email_domains DROP CONSTRAINT free_email_domains_domain_check,
    ADD CONSTRAINT free_email_domains_domain_check CHECK (btrim(domain) <> '');
DROP FUNCTION search_pattern(text);
DROP FUNCTION prefix_pattern(text);
DROP FUNCTION search_normalize(text);
