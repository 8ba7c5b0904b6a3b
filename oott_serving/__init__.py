"""The closet service: detects garments in photos, over HTTP."""
