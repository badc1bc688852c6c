import os
import subprocess
import sys

from headrace.trainers.threads import wait_without_spinning


def test_threads_sleep_unless_the_user_has_said_otherwise(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    wait_without_spinning()
    assert os.environ["OMP_WAIT_POLICY"] == "active"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    wait_without_spinning()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


def test_it_comes_before_torch():
    code = "import sys, headrace.trainers.threads, headrace.trainers.commands; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
