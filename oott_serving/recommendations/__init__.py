"""Recommends what to pack, from the trend tables, the weather and the closet."""
