"""From labelled photos to a published detector."""
