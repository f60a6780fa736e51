"""The frame of every agent's prompt, as a template (see `common.prompts`)."""
