"""Collects and stores the photos of a month: removes their metadata and hides the faces."""
