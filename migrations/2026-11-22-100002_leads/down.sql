DROP TABLE leads;
DROP FUNCTION search_pattern(text);
DROP FUNCTION prefix_pattern(text);
DROP FUNCTION search_normalize(text);
DROP TYPE lead_status;
DROP TYPE lead_source;
