"""What to pack: which outfits people wear at a place, and which of them suit a trip."""
