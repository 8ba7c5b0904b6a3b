"""The trend page: one HTML file with charts, figures and controls, which needs no network."""
