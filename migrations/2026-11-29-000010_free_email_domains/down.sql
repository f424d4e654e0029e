DROP TABLE free_email_domains;
