"""Code memory: what a code base is (parsed, indexed, searched) and what its history and earlier runs taught."""
