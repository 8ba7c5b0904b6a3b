"""Generated street photos: input for a new installation, and test data with known labels."""
