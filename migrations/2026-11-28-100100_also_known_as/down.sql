ALTER TABLE leads DROP COLUMN also_known_as;
