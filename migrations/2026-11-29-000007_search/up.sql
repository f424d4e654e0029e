-- What leads are searched by, in a table of its own with the only GIN. Each new version of a row is entered
-- anew in all indexes of its table: in one table with the leads a change of status had all trigrams of the lead
-- rewritten. Triggers keep the copy, and leave it alone where nothing of it changes.
CREATE TABLE lead_search (
    lead_id uuid PRIMARY KEY,
    -- leads.search_text
    text text NOT NULL,
    assigned_to uuid,
    -- leads.tag_keys
    tags text[] NOT NULL,
    custom_fields jsonb NOT NULL,
    -- So that a frequent search is counted without a look at the leads.
    is_archived boolean NOT NULL
);

-- The words of a lead's name, as they are compared: the first line of search_text is the name. Neither STRICT
-- nor plpgsql, so that it is inlined and the index is found.
CREATE FUNCTION words_of_name(search_text text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT string_to_array(translate(split_part(search_text, E'\n', 1), '-''.,', '    '), ' ') $$;

-- The assignee as a list of one, which a GIN can have; nobody is the nil UUID.
CREATE FUNCTION lead_owner(assigned_to uuid) RETURNS uuid[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ARRAY[coalesce(assigned_to, '00000000-0000-0000-0000-000000000000'::uuid)] $$;

CREATE FUNCTION beyond_ascii(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT value ~ '[^\x01-\x7f]' $$;

CREATE INDEX lead_search_all ON lead_search USING gin (
    text gin_trgm_ops, words_of_name(text), lead_owner(assigned_to), tags, custom_fields jsonb_path_ops
);
-- Two letters are found by trigrams where they stand between letters of ASCII, and the leads that have others,
-- too, by this.
CREATE INDEX lead_search_beyond_ascii ON lead_search (lead_id) WHERE beyond_ascii(text);

-- The number of mistakes that a word may have. One of four letters with two of them is another word.
CREATE FUNCTION most_mistakes(word text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN length(word) >= 6 THEN 2 ELSE 1 END $$;

-- The deletion neighbourhood of a word: what is left of it without one or two of its letters. Two words that so
-- many mistakes turn into each other have one of these in common, wherever the mistakes are (Garbe, "1000x
-- faster spelling correction", 2012). Seven letters are enough to find candidates; the distance is then measured on
-- the whole words. With a search_path of its own, since pg_restore sets none.
CREATE FUNCTION near_keys(word text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    AS $$
    DECLARE
        start text := left(word, 7);
        keys text[] := ARRAY[start];
        key text;
    BEGIN
        FOR one IN 1 .. length(start) LOOP
            key := overlay(start PLACING '' FROM one FOR 1);
            keys := keys || key;
            IF most_mistakes(word) = 2 THEN
                FOR other IN one .. length(key) LOOP
                    keys := keys || overlay(key PLACING '' FROM other FOR 1);
                END LOOP;
            END IF;
        END LOOP;
        RETURN keys;
    END $$;

-- The dictionary of all words that occur in names, in which the words near a mistyped one are found.
CREATE TABLE name_words (
    word text COLLATE "C" PRIMARY KEY,
    near_keys text[] NOT NULL GENERATED ALWAYS AS (near_keys(word)) STORED
);
CREATE INDEX name_words_near_keys ON name_words USING gin (near_keys) WITH (fastupdate = off);

-- The words that may be meant by a typed one, and some that are not. The planner would read a small dictionary
-- from end to end, which takes longer: it does not know the cost of &&.
CREATE FUNCTION near_words(typed text) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET enable_seqscan = off
    AS $$
    DECLARE
        mistakes integer := most_mistakes(typed);
    BEGIN
        RETURN array(
            SELECT word FROM name_words
            WHERE name_words.near_keys && near_keys(typed)
                AND length(word) BETWEEN length(typed) - mistakes AND length(typed) + mistakes);
    END $$;

-- Adds those words that are new, and keeps a lock on those that are there, so that forget_name_words waits
-- for this transaction and then sees its lead. In their order, so that no two writers wait in a circle. A
-- word that another transaction adds at the same time is there, too, but not locked: it is written once
-- more, which locks it.
CREATE FUNCTION add_name_words(words text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$ BEGIN
        WITH given AS MATERIALIZED (
            SELECT DISTINCT word COLLATE "C" AS word FROM unnest(words) AS word
            -- Words of three letters can be meant by four; anything in ASCII that is not a letter makes
            -- it something else than a word.
            WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[\x01-\x60\x7b-\x7f]'
        ), known AS MATERIALIZED (
            SELECT w.word FROM name_words AS w WHERE w.word = ANY (ARRAY(SELECT word FROM given))
            ORDER BY w.word FOR KEY SHARE
        )
        INSERT INTO name_words (word)
        SELECT word FROM given WHERE word NOT IN (SELECT word FROM known) ORDER BY word
        ON CONFLICT (word) DO UPDATE SET word = excluded.word;
    END $$;

-- Forgets those words that no lead has any more. Each is locked first: whoever adds or forgets it at the
-- same time is waited for, and the leads of then are looked at, by a statement that sees them.
CREATE FUNCTION forget_name_words(words text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$ BEGIN
        PERFORM FROM name_words AS w WHERE w.word = ANY (words) ORDER BY w.word FOR UPDATE;
        DELETE FROM name_words AS w WHERE w.word = ANY (words)
            AND NOT EXISTS (SELECT FROM lead_search AS s WHERE words_of_name(s.text) @> ARRAY[w.word::text]);
    END $$;

CREATE FUNCTION lead_search_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
        INSERT INTO lead_search
        SELECT id, search_text, assigned_to, tag_keys, custom_fields, archived_at IS NOT NULL FROM inserted;
        PERFORM add_name_words(array(SELECT unnest(words_of_name(search_text)) FROM inserted));
        RETURN NULL;
    END $$;
CREATE TRIGGER lead_search_inserted AFTER INSERT ON leads
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION lead_search_inserted();

CREATE FUNCTION lead_search_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    DECLARE
        before text[];
        after text[];
    BEGIN
        UPDATE lead_search SET text = NEW.search_text, assigned_to = NEW.assigned_to, tags = NEW.tag_keys,
            custom_fields = NEW.custom_fields, is_archived = NEW.archived_at IS NOT NULL
        WHERE lead_id = NEW.id;
        IF OLD.search_text <> NEW.search_text THEN
            before := words_of_name(OLD.search_text);
            after := words_of_name(NEW.search_text);
        END IF;
        IF before <> after THEN
            -- Both names' words in one order: of two that swap names, neither waits for the other.
            PERFORM FROM name_words AS w WHERE w.word = ANY (before || after) ORDER BY w.word FOR UPDATE;
            PERFORM add_name_words(after);
            PERFORM forget_name_words(array(SELECT word FROM unnest(before) AS word WHERE word <> ALL (after)));
        END IF;
        RETURN NULL;
    END $$;
-- Per row, because only such a trigger can have a condition: updates of all else pay for that alone.
CREATE TRIGGER lead_search_updated AFTER UPDATE ON leads
    FOR EACH ROW WHEN (
        OLD.search_text <> NEW.search_text OR OLD.assigned_to IS DISTINCT FROM NEW.assigned_to
        OR OLD.tag_keys <> NEW.tag_keys OR OLD.custom_fields <> NEW.custom_fields
        OR (OLD.archived_at IS NULL) <> (NEW.archived_at IS NULL))
    EXECUTE FUNCTION lead_search_updated();

CREATE FUNCTION lead_search_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
        DELETE FROM lead_search WHERE lead_id = OLD.id;
        PERFORM forget_name_words(words_of_name(OLD.search_text));
        RETURN NULL;
    END $$;
CREATE TRIGGER lead_search_deleted AFTER DELETE ON leads
    FOR EACH ROW EXECUTE FUNCTION lead_search_deleted();

CREATE FUNCTION lead_search_truncated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
        TRUNCATE lead_search, name_words;
        RETURN NULL;
    END $$;
CREATE TRIGGER lead_search_truncated AFTER TRUNCATE ON leads
    FOR EACH STATEMENT EXECUTE FUNCTION lead_search_truncated();
