"""Measures a detector on validation photos as it is served, with intervals."""
