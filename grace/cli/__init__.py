"""The command line: `grace`."""
