-- The leads by source; the status, so that a filter of it is told by the entries.
CREATE INDEX CONCURRENTLY leads_source ON leads (source, id, status);
