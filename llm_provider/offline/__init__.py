"""The offline model, in parts: reading a conversation, deciding the next step, wording the answer."""
