"""A small MCP server: a shelf of books that can be counted and added to. It is run by `examples/mcp_tools.py`."""

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("shelf", version="1.0", log_level="ERROR")
books = ["Dune", "Emma"]


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def list_books() -> str:
    """List the books on the shelf."""
    return f"On the shelf: {', '.join(books)}."


@server.tool(annotations=ToolAnnotations(idempotent_hint=True))
def add_book(title: str) -> str:
    """Put a book on the shelf."""
    if title not in books:
        books.append(title)
    return f"{title} is on the shelf."


if __name__ == "__main__":
    server.run("stdio")
