"""Models that label photos automatically, all behind autodistill's interface."""
