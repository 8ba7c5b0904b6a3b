"""What is kept at rest: published detectors and trend tables."""
