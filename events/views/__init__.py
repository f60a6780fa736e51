"""The views that come with the store."""
