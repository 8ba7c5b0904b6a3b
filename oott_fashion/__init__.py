"""Garments, photos and trend counts; imports no orchestrator, server or trainer."""
