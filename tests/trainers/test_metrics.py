from headrace.trainers.metrics import FILE, MetricsLog, Throughput, read_metrics


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


def test_throughput_counts_what_went_by_since_the_last_lap():
    throughput = Throughput(samples=8, tokens=10)
    assert list(throughput.watched([1, 2, 3])) == [1, 2, 3]
    lap = throughput.lap()
    assert lap["tokens_per_s"] == 10 * lap["samples_per_s"] > 0
    assert 0 <= lap["data_wait"] <= 1
    assert throughput.lap()["samples_per_s"] == 0
