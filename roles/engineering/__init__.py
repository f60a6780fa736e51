"""Validation of code before it runs anywhere."""
