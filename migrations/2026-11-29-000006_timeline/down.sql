DROP TABLE lead_notes;
DROP FUNCTION lead_notes_horizon();
DROP FUNCTION lead_notes_announce();
DROP FUNCTION lead_notes_are_kept();
DROP TYPE note_type;
