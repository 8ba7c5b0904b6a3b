"""Labels to a published detector."""
