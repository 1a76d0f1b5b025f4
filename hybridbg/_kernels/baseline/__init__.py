"""The kernels compiled for any processor; `hybridbg._kernels` chooses."""
