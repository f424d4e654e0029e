-- What a lead was called by and reached at before, which search_text takes in: a lead that others were
-- merged into is found by theirs.
ALTER TABLE leads
    ADD COLUMN also_known_as text[] NOT NULL DEFAULT '{}' CHECK (array_position(also_known_as, NULL) IS NULL);
