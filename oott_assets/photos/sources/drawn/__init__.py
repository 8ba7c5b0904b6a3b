"""Street photos drawn by OOTT: input for a fresh machine, and known truth for tests."""
