"""Roles: the specialists that requests are routed to, with the router and the planner."""
