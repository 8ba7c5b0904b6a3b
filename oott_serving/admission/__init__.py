"""Decides which requests are answered, and reads their bodies within limits."""
