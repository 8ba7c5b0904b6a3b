"""Takes connections, shares them among the workers, and stops without losing a request."""
