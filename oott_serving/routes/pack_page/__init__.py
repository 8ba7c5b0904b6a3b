"""The page at /pack: outfits for a trip, with their reasons."""
