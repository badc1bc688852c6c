"""Kernels: numba functions over Arrow buffers."""
