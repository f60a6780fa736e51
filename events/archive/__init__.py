"""Closed traces in compressed files that stay part of the log."""
