-- The lists of one assignee, in the order that lists have by default: without it, an agent's first
-- page walks over the leads of all others. It stands in for the index on (assigned_to, id), so that
-- writing leads costs what it did: whatever asks by assignee begins with this one as well.
CREATE INDEX leads_assigned_to_created_at ON leads (assigned_to, created_at, id);
DROP INDEX leads_assigned_to;
