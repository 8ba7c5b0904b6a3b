"""Privacy of stored photos: upright pixels without metadata, and with hidden faces."""
