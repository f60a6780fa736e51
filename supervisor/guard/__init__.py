"""Watches how requests end under each variant of a flag, and turns a bad variant off."""
