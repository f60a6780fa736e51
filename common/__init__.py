"""What every layer shares: contexts, intents, tools, limits, settings, errors, language."""
