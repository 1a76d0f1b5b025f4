"""The kernels compiled for processors with AVX2 and FMA; `hybridbg._kernels` chooses."""
