DROP TABLE expanding_migrations;
