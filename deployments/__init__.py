"""How flows reach the servers and workers that run them."""
