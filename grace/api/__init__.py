"""The edge that other programs meet over HTTP."""
