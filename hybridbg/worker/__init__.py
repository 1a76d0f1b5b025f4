"""A worker process for programs that cannot import hybridbg, such as GIMP's own Python.

``python -m hybridbg.worker`` reads requests from standard input and writes answers to standard
output, as frames of JSON and raw pixels (`protocol`). It greets at once, before anything heavy is
imported; it reports progress, can be cancelled, and ends as soon as its standard input does, so
that nothing outlives the program that started it.

One file each: `protocol` frames, `service` the loop, `actions` what can be asked for, `pixels`
bytes to pictures and back, `hints` what to do about an error.
"""
