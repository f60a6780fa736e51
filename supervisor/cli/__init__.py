"""The command line: `agent-supervisor`. Every action here is a Python method of the supervisor as well."""
