"""Pictures and tables for Dagster metadata, and progress in the log."""
