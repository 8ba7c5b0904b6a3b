"""What requests and answers look like, and the paths of the service."""
