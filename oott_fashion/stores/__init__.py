"""Stored data: blobs, published detectors and trend tables."""
