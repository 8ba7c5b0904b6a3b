"""Photos to trend tables."""
