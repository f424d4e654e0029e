CREATE OR REPLACE FUNCTION near_keys(word text) RETURNS text[]
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
