"""The append-only log and its views."""
