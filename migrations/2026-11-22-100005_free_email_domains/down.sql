DROP INDEX leads_email_domain;
DROP TABLE free_email_domains;
