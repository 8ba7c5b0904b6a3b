"""The Dagster pipelines: from photos to trends, and from labels to a detector."""
