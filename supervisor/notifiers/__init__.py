"""Where notifications go besides the host and the terminal: addresses, and the outbox that delivers to them."""
