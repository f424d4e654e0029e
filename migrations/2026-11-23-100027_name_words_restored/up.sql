-- The same as before, but with a search_path of its own: pg_restore sets none, and
-- without one the dictionary of names could not be filled, so that after a restore nobody was found in
-- spite of a typing mistake.
CREATE OR REPLACE FUNCTION near_keys(word text) RETURNS text[]
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

-- And what such a restore has left out.
SELECT add_name_words(array(SELECT DISTINCT unnest(words_of_name(search_text)) FROM leads))
WHERE NOT EXISTS (SELECT FROM name_words);
