"""Compares the closet service with other servers of the same detector."""
