"""Photos that are worth labelling, and their tasks for Label Studio."""
