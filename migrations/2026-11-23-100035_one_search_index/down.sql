DROP INDEX leads_search;
CREATE INDEX leads_search ON leads USING gin (search_text gin_trgm_ops);
CREATE INDEX leads_name_words ON leads USING gin (words_of_name(search_text));
CREATE INDEX leads_tags ON leads USING gin (tags);
DROP FUNCTION lead_day(timestamptz);
DROP FUNCTION lead_owner(uuid);
