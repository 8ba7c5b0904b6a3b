"""Reads photos and detects the garments in them."""
