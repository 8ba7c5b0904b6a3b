"""Photos read off Instagram's pages, in a Chromium that dies with its run."""
