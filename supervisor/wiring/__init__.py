"""How a supervisor is put together, in steps: what is opened, the roles, the handling of requests, the upkeep."""
