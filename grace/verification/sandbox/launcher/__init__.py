"""The program between GRACE and other people's code: it confines itself, then becomes the command.

It runs as its own process, under `python -I -S`, so it is standard library only and imports nothing of
GRACE. `main.launch` reads a specification from a socket and reports the ending on the same socket.
"""
