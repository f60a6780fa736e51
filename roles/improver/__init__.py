"""Makes existing agents measurably better, or leaves them as they are."""
