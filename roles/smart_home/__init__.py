"""The smart home role: devices and scenes of the house."""

from roles.smart_home.role import build

__all__ = ["build"]
