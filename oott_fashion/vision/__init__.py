"""From the bytes of a photo to the garments seen in it."""
