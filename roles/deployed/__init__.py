"""Built agents in service: signed files, a sandboxed process each, and a role that requests are routed to."""
