"""Training of the small trimap network that ships with hybridbg.

Nothing here is imported by the package itself.  Run the modules from the repository root, for
example ``python -m training.train --data DATA --config training/config/small.toml``.
"""
