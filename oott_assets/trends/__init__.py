"""Detects garments in the photos of a month and writes the trend tables."""
