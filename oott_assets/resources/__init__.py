"""What assets read from and write to."""
