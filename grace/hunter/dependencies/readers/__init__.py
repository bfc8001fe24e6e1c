"""One file a format: what it declares, from its bytes alone."""
