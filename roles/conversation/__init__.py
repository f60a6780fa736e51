"""The conversation role: small talk and general questions."""

from roles.conversation.role import build

__all__ = ["build"]
