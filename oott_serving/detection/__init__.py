"""Keeps the latest usable detector open, and detects the garments in sent photos."""
