"""Deterministic language understanding that router, planner, roles and the offline model share."""
