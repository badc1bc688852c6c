"""Threads that sleep while they wait for each other."""

import os


def wait_without_spinning() -> None:
    """Tell OpenMP, on which torch computes, to let a waiting thread sleep; to be called before torch is imported.

    By default it spins. On a machine whose cores are shared with other work it then mostly waits, at full load, for a
    thread that is not running: small matrix products on two threads took 12 times as long. What the user has set stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
