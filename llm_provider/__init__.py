"""Models, tools and agents: the only package that imports `strands`, and that only when an agent or model is needed."""
