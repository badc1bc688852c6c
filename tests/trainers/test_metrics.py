from headrace.shards.stream.delivery.stalls import Waits
from headrace.trainers.metrics import FILE, MetricsLog, rates, read_metrics


def test_lines_of_steps_that_will_be_taken_again_are_dropped(tmp_path):
    log = MetricsLog(tmp_path, 0)
    for step in range(1, 6):
        log.write({"step": step, "loss": 1 / step})
    with (tmp_path / FILE).open("a") as file:
        file.write('{"step": 6, "lo')  # a kill cut it short
    again = MetricsLog(tmp_path, 3)
    again.write({"step": 4, "loss": 7.0})
    assert [(line["step"], line["loss"]) for line in read_metrics(tmp_path)] == [
        (1, 1.0),
        (2, 0.5),
        (3, 1 / 3),
        (4, 7.0),
    ]


def test_a_run_without_lines(tmp_path):
    assert read_metrics(tmp_path) == []


def test_rates_tell_what_was_waited_for():
    waits = Waits(seconds=2.0, consumer=1.5, stalls={"disk": 0.4, "decode": 0.1}, work={}, batches=3)
    found = rates(waits, samples=8, tokens=10)
    assert found.pop("data_wait") == 0.25
    assert found == {"samples_per_s": 12, "tokens_per_s": 120, "wait_disk": 0.2, "wait_decode": 0.05}


def test_samples_without_tokens_have_no_rate_of_them():
    waits = Waits(seconds=2.0, consumer=1.5, stalls={}, work={}, batches=3)
    assert "tokens_per_s" not in rates(waits, samples=8, tokens=None)


def test_nothing_went_by():
    assert rates(Waits(0.0, 0.0, {}, {}, 0), 8, 10)["samples_per_s"] == 0
