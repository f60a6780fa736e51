"""Both planning engines on the same requests, side by side; what is dry has no effect on anything."""
