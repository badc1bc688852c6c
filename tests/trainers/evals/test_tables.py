from headrace.trainers.evals.coverage import Coverage
from headrace.trainers.evals.results import Gain, Score
from headrace.trainers.evals.tables import language_note, table


def score(family, metric, value, better="more", **changes):
    given = {"subject": "trained", "evaluation": "any", "interval": (value / 2, value * 2), "items": 9, "draws": 1}
    return Score(
        family=family, metric=metric, better=better, value=value, **{"over_untrained": None, **given, **changes}
    )


def test_shares_are_in_percent_beside_what_is_gained():
    scores = [
        score("features", "accuracy", 0.5, over_untrained=Gain(0.1, (-0.05, 0.2))),
        score("language", "accuracy", 0.9),
    ]
    made = table("mae", "features", scores, "A note.", [])
    assert made.rows == (("trained", "any", 50.0, "25.0 to 100.0", "+10.0 (-5.0 to +20.0)"),)
    assert made.highlight in made.columns
    assert (made.note, made.warning) == ("A note.", "")


def test_several_metrics_are_told_apart():
    scores = [
        score("language", "accuracy, per byte", 0.5),
        score("language", "bits per byte", 2.0, "less", over_untrained=Gain(-1.0, (-1.5, -0.5))),
        score("language", "perplexity per token", 8000.0, "less"),
    ]
    made = table("gpt", "language", scores, "", [])
    assert [row[2:4] for row in made.rows] == [
        ("accuracy, per byte", "50.0%"),
        ("bits per byte", "2.000"),
        ("perplexity per token", "8,000.000"),
    ]
    assert made.rows[1][-1] == "-1.000 (-1.500 to -0.500)"


def test_what_is_known_of_test_sets_stands_in_the_note_and_what_is_not_in_the_warning():
    covered = Coverage("piqa.jsonl", "covered", "nothing of it is there")
    seen = Coverage("shards/text", "seen", "It is a part")
    unknown = Coverage("test.jsonl", "not covered", "No certificate", "Build anew")
    made = table("gpt", "language", [], language_note([seen]), [covered, seen, unknown])
    assert "The network was trained on shards/text. piqa.jsonl: nothing of it is there." in made.note
    assert made.warning == unknown.warning
    assert "test.jsonl. No certificate. Build anew." in made.warning
