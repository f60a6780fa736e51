"""State machines over the catalogue's events: pure decide and evolve functions."""
