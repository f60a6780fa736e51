"""The supervisor: `from supervisor import Supervisor`."""

from __future__ import annotations

from supervisor.facade import Supervisor

__all__ = ["Supervisor"]
