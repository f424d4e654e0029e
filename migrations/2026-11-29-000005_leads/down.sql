DROP TABLE text_forms;
DROP TABLE leads;
DROP TYPE lead_status;
DROP TYPE lead_source;
