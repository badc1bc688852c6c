import importlib
import pkgutil

from headrace.pipeline import kernels
from headrace.pipeline.kernels.compile import Kernel
from headrace.pipeline.kernels.warmup import KERNELS, compile_all


def test_no_kernel_is_forgotten():
    found = set()
    for module in pkgutil.iter_modules(kernels.__path__, kernels.__name__ + "."):
        found |= {value for value in vars(importlib.import_module(module.name)).values() if isinstance(value, Kernel)}
    assert found == set(KERNELS)


def test_every_kernel_is_compiled():
    assert [compilation.name for compilation in compile_all()] == [kernel.name for kernel in KERNELS]


def test_kernels_wait_for_nobody():
    assert all(kernel._dispatcher.targetoptions["nogil"] for kernel in KERNELS)
    assert not any(kernel._dispatcher.targetoptions.get("parallel") for kernel in KERNELS)
