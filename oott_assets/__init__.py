"""The Dagster pipelines: one counts trends in photos, and one trains a detector on labels."""
