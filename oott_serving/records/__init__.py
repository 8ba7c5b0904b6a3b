"""What is measured and logged about each request."""
