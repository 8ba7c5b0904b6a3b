"""From a photo source to the photos of a month, stored without metadata and faces."""
