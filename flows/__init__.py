"""The workflows. Nothing is imported here: a re-exported flow would hide the module of its name."""
