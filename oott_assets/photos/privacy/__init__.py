"""What of a photo may be kept: its pixels, upright, without metadata, without faces."""
