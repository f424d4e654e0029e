-- Typing mistakes in names: a dictionary of all words that occur in names, in which the words near
-- a mistyped one are found, and an index that finds the leads with those words.

-- The words of a lead's name, as they are compared: the first line of search_text is the name.
-- Neither STRICT nor plpgsql, so that it is inlined and the index below is found.
CREATE FUNCTION words_of_name(search_text text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT string_to_array(translate(split_part(search_text, E'\n', 1), '-''.,', '    '), ' ') $$;

CREATE INDEX leads_name_words ON leads USING gin (words_of_name(search_text));

-- How many mistakes a word may have. One of four letters with two of them is another word.
CREATE FUNCTION most_mistakes(word text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN length(word) >= 6 THEN 2 ELSE 1 END $$;

-- What is left of a word without one or two of its letters: two words that so many mistakes turn
-- into each other have one of these in common, wherever the mistakes are. Seven letters are enough
-- to find candidates; the distance is then measured on the whole words.
CREATE FUNCTION near_keys(word text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
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

-- Only ever added to: a word says nothing of who has it, and a name that comes back is there.
CREATE TABLE name_words (
    word text COLLATE "C" PRIMARY KEY,
    near_keys text[] NOT NULL GENERATED ALWAYS AS (near_keys(word)) STORED
);
CREATE INDEX name_words_near_keys ON name_words USING gin (near_keys) WITH (fastupdate = off);

-- The words that may be meant by what somebody typed, and some that are not. The planner would read
-- a small dictionary from end to end, which takes longer: it does not know how dear && is.
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

-- Adds those words that are new. Words of three letters can be meant by four; anything in ASCII
-- that is not a letter makes it something else than a word. In their order, so that no two writers
-- wait for each other. The look-up is a scalar subquery because PostgreSQL then always uses the
-- primary key, once per word, where it could choose to read the whole table to add one lead.
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

-- Searches for two letters: those that stand between letters of ASCII are found by trigrams, and the
-- leads that have others, too, by this index. In most languages nothing is left when search_text
-- has lost its accents.
CREATE FUNCTION beyond_ascii(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT value ~ '[^\x01-\x7f]' $$;
CREATE INDEX leads_beyond_ascii ON leads (id) WHERE beyond_ascii(search_text);

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
-- Per row, since few updates change a name and the others then pay nothing.
CREATE TRIGGER lead_adds_name_words AFTER UPDATE ON leads
    FOR EACH ROW WHEN (OLD.first_name <> NEW.first_name OR OLD.last_name <> NEW.last_name)
    EXECUTE FUNCTION lead_adds_name_words();

SELECT add_name_words(array(SELECT DISTINCT unnest(words_of_name(search_text)) FROM leads));
ANALYZE name_words;
