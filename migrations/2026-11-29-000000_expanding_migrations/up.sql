-- Migrations after which a program that does not know them can go on with the database.
CREATE TABLE expanding_migrations (
    version text COLLATE "C" PRIMARY KEY
);
