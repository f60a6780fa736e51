"""Where code that nobody has read may run."""
