"""Changes of code that keep its behaviour, one kind a module; they need the package libcst (extra ``builder``)."""
