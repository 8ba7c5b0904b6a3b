"""The versions of the detector: list, compare, publish, and go back to earlier ones."""
