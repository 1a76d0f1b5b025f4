"""The ground everything stands on: errors, types, checks, colour, compositing, trimaps, metrics.

Nothing here knows a method or opens a file. Modules are imported by name
(``from hybridbg.core import colour``); the package itself stays empty so that importing one of
them does not load the others.
"""
