-- The most probable leads are those that were won: whoever looks at the most probable ones of
-- another status would walk past all of them first. At a million leads that took 400 ms.
CREATE INDEX leads_status_conversion_probability ON leads (status, conversion_probability, id);
