"""The weather role: current weather and forecasts."""

from roles.weather.role import build

__all__ = ["build"]
