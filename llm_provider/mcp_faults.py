"""What goes wrong between us and an MCP server."""

from __future__ import annotations

from common.errors import ToolError

__all__ = ["McpFault"]


class McpFault(ToolError):
    """Raised when a server can't be asked or gave no usable answer.

    `certain` tells that it did nothing; `lost` that the connection is gone.
    """

    def __init__(self, what: str, *, certain: bool, lost: bool = False, where: str = "", todo: str = "") -> None:
        super().__init__(what, where=where, todo=todo)
        self.certain = certain
        self.lost = lost
