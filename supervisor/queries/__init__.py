"""The read side: what command line, HTTP, MCP and dashboard ask a running supervisor for."""
