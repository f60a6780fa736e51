"""Approved improvements carried out by their specialists, measured, and taken back where they do harm."""
