"""The kernels compiled for processors with AVX-512 (F, BW, DQ, VL); `hybridbg._kernels` chooses."""
