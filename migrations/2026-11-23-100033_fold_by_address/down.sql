ALTER FUNCTION lead_statistics_fold(integer) RESET enable_seqscan;
