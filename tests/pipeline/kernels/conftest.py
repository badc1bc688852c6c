import pytest

from headrace.pipeline.kernels.warmup import compile_all


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels():
    """Compile before any test, so that compilation counts against no test's deadline."""
    compile_all()
