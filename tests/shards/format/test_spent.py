import threading
import time

import pytest

from headrace.shards.format.spent import metering, spent


def test_times_are_exclusive_and_add_up():
    began = time.perf_counter()
    with metering() as meter:
        with spent("disk"):
            time.sleep(0.01)
            with spent("decode"):
                time.sleep(0.02)
                with spent("disk"):
                    time.sleep(0.01)
        with spent("decode"):
            time.sleep(0.01)
    whole = time.perf_counter() - began
    assert set(meter.seconds) == {"disk", "decode"}
    assert meter.seconds["disk"] >= 0.02
    assert meter.seconds["decode"] >= 0.03
    assert sum(meter.seconds.values()) <= whole


def fails():
    with spent("disk"), spent("decode"):
        raise ValueError("no")


def test_an_error_is_counted_and_passed_on():
    with metering() as meter:
        with pytest.raises(ValueError, match="no"):
            fails()
        with spent("disk"):
            time.sleep(0.01)
    assert meter.seconds["disk"] >= 0.01
    assert "decode" in meter.seconds


def test_without_a_meter_nothing_is_counted():
    with spent("disk"):
        pass
    with metering() as meter:
        pass
    assert meter.seconds == {}


def test_other_threads_are_not_heard():
    def work():
        with spent("network"):
            pass

    with metering() as meter:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert meter.seconds == {}
