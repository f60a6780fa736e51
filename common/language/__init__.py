"""Deterministic language understanding that router, planner, roles and the offline model share.

`parts` splits a request, `relevance` ranks candidates for a text, `time_words` reads times, `slots` fills properties of
a JSON schema, `calls` plans tool calls, `structured` fills structured output, `rules` reads guideline lines; the rest
are the pieces these are made of. Everything is total (any text is fine), bounded, and free of the names of tools.
"""
