"""Counts app photos into the trend tables, and looks up trends."""
