"""Assets of both streets: photos to trends, labels to a detector."""
