"""The photo source that reads Instagram's pages in a headless Chromium."""
