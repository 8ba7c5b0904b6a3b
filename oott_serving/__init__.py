"""The closet service: the garment of a photo, over HTTP."""
