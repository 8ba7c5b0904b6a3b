"""Clothes, photos of them, and what is counted from both; no orchestrator, server or trainer."""
