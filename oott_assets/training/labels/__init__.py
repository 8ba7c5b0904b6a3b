"""Labelled photos: garment boxes drawn by people or by a labeller."""
