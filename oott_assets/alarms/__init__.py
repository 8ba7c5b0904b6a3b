"""Alarms about failed runs, failed checks and late months, to a webhook and by e-mail."""
