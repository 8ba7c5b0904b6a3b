"""Benchmarks of OOTT against the tools that a user could choose instead."""
