"""Repair by search against the tests: reproduce, localise, search, rank. No language model.

`zygote/` runs inside the sandbox under the target's interpreter; everything else runs here.
"""
