"""An MCP server of the SDK's own, run as a process of its own: over stdio, or over HTTP with a port.

Started as ``python tests/services/mcp_server.py FOLDER [PORT]``; what it was made to do is in files of the folder.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ImageContent, ResourceLink, TextContent, ToolAnnotations

folder = Path(sys.argv[1])
server = MCPServer("shelf", version="1.2.3", log_level="ERROR")
READS = ToolAnnotations(read_only_hint=True)


def _note(name: str, text: str) -> None:
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


@server.tool(annotations=READS)
def look_up(word: str, times: int = 1) -> str:
    """Look a word up on the shelf."""
    _note("looked", word)
    return f"{word}: found {times} times"


@server.tool(annotations=READS, structured_output=True)
def count_books() -> dict[str, int]:
    """Count the books on the shelf."""
    return {"books": 7}


@server.tool()
def add_book(title: str) -> str:
    """Put a book on the shelf."""
    _note("added", title)
    return f"{title} stands on the shelf"


@server.tool(annotations=ToolAnnotations(idempotent_hint=True))
def label_book(title: str) -> str:
    """Label a book."""
    _note("labelled", title)
    if (folder / "die").exists():
        (folder / "die").unlink()
        os._exit(1)
    return f"{title} has a label"


@server.tool()
def burn_book(title: str) -> str:
    """Take a book away for ever."""
    _note("burned", title)
    os._exit(1)


@server.tool()
def sell_book(title: str) -> str:
    """Sell a book."""
    raise ValueError(f"{title} must not be touched")


@server.tool(annotations=READS)
async def sleep(seconds: float) -> str:
    """Sleep for some seconds."""
    _note("slept", "begun")
    try:
        await anyio.sleep(seconds)
    except BaseException:
        _note("slept", "cancelled")
        raise
    _note("slept", "done")
    return "awake"


@server.tool(annotations=READS)
def hang() -> str:
    """Block the whole server."""
    _note("hung", "begun")
    time.sleep(600)
    return "never"


@server.tool(annotations=READS)
def show_cover() -> list[Any]:
    """Show the cover of a book."""
    return [
        TextContent(type="text", text="a cover"),
        ImageContent(type="image", data="aGVsbG8=", mime_type="image/png"),
        ResourceLink(type="resource_link", name="cover", uri="https://example.org/cover"),
    ]


@server.tool(annotations=READS)
def much(characters: int) -> str:
    """Say a lot."""
    return "x" * characters


@server.tool(annotations=READS)
def tell_environment(name: str) -> str:
    """Tell a variable of the server's environment."""
    return os.environ.get(name, "(not set)")


@server.tool(annotations=READS)
async def grow(context: Context) -> str:
    """Add a tool to the server."""

    def new_tool() -> str:
        """A tool that came later."""
        return "here I am"

    server.add_tool(new_tool, annotations=READS)
    await context.notify_tools_changed()
    await context.session.send_tool_list_changed()
    return "grown"


if __name__ == "__main__":
    (folder / "pid").write_text(str(os.getpid()))
    if len(sys.argv) > 2:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
    else:
        server.run("stdio")
