"""Roles that work on the system itself, not on requests."""
