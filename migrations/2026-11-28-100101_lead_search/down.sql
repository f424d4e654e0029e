DROP TRIGGER lead_search_truncated ON leads;
DROP TRIGGER lead_search_deleted ON leads;
DROP TRIGGER lead_search_updated ON leads;
DROP TRIGGER lead_search_inserted ON leads;
DROP FUNCTION lead_search_truncated();
DROP FUNCTION lead_search_deleted();
DROP FUNCTION lead_search_updated();
DROP FUNCTION lead_search_inserted();
DROP FUNCTION forget_name_words(text[]);
DROP FUNCTION add_name_words(text[]);
DROP TABLE lead_search;

CREATE INDEX leads_beyond_ascii ON leads (id) WHERE beyond_ascii(search_text);
CREATE INDEX leads_search ON leads USING gin (
    search_text gin_trgm_ops, words_of_name(search_text), tag_keys, (ARRAY[status]), (ARRAY[source]),
    lead_owner(assigned_to), lead_score_band(lead_score), lead_month(created_at),
    custom_fields jsonb_path_ops
);
CREATE FUNCTION add_name_words(words text[]) RETURNS void
    LANGUAGE sql
    AS $$
        INSERT INTO name_words (word)
        SELECT word
        FROM (SELECT DISTINCT unnest(words) COLLATE "C" AS word) AS given
        WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[\x01-\x60\x7b-\x7f]'
            AND (SELECT known.word FROM name_words AS known WHERE known.word = given.word) IS NULL
        ORDER BY word
        ON CONFLICT DO NOTHING
    $$;
CREATE FUNCTION leads_add_name_words() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
        PERFORM add_name_words(array(
            SELECT DISTINCT unnest(words_of_name(search_text)) FROM inserted));
        RETURN NULL;
    END $$;
CREATE FUNCTION lead_adds_name_words() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
        PERFORM add_name_words(words_of_name(NEW.search_text));
        RETURN NULL;
    END $$;
CREATE TRIGGER leads_add_name_words AFTER INSERT ON leads
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION leads_add_name_words();
CREATE TRIGGER lead_adds_name_words AFTER UPDATE ON leads
    FOR EACH ROW WHEN (OLD.search_text <> NEW.search_text)
    EXECUTE FUNCTION lead_adds_name_words();
