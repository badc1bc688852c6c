import os
import subprocess
import sys

from headrace.trainers.threads import wait_without_spinning


def test_what_the_user_has_set_stays(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    wait_without_spinning()
    wait_without_spinning()
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    wait_without_spinning()
    assert os.environ["OMP_WAIT_POLICY"] == "active"


def test_it_comes_before_torch():
    code = "import sys, headrace.trainers.threads, headrace.trainers.commands; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
