"""From the photos of a month to the trend tables."""
