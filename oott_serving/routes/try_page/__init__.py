"""The page at /try, where people send a photo and see what the detector finds."""
