"""The lexical classifier behind the router."""
