"""Whether the shards that a network was trained on are known to hold nothing of a test set.

The certificates of `manifest.json` name the benchmarks against which shards were decontaminated, by the SHA-256 of
their files. A file to test on is covered where its own hash stands there; a set of shards, where that of every file
does from which it was built (known of inputs with `identity: content`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from headrace.shards.base.counts import counted
from headrace.shards.format.manifest import Benchmark, Manifest

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class EvaluationSet:
    """A set that is tested on.

    Args:
        name: A file or a folder of shards.
        files: SHA-256 of the files that it consists of, in hexadecimal; empty where they are not known.
        seen: Whether it is a part of the training shards.
        fields: Those of a file whose text is to be protected.
    """

    name: str
    files: tuple[str, ...] = ()
    seen: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """What is known of a test set's place among the training shards.

    Args:
        test_set: The set's name.
        verdict: `covered`: nothing of it was left in the training shards; `not covered`: nobody knows; `seen`: it is a
            part of them, and the network was trained on it, though not on its labels.
        why: On what the verdict rests.
        remedy: What to do about it.
    """

    test_set: str
    verdict: Literal["covered", "not covered", "seen"]
    why: str
    remedy: str = ""

    @property
    def note(self) -> str:
        """What a reader of results may rely on; "" where there is nothing."""
        return f"{self.test_set}: {self.why}." if self.verdict == "covered" else ""

    @property
    def warning(self) -> str:
        """What a reader of results must be told; "" where there is nothing to warn of."""
        if self.verdict != "not covered":
            return ""
        return (
            f"Not known to be absent from the training shards: the test set {self.test_set}. {self.why}. {self.remedy}."
        )


def set_of_shards(url: str, manifest: Manifest) -> EvaluationSet:
    """A set of shards to test on."""
    digests = (each.sha256 or each.etag for each in manifest.provenance.inputs)
    files = tuple(each if _SHA256.fullmatch(each) else "" for each in digests)
    return EvaluationSet(url, files if all(files) else ())


def coverage(tested: EvaluationSet, trained_on: Sequence[Manifest]) -> Coverage:
    """What the manifests of all training shards say of a test set."""
    if tested.seen:
        return Coverage(tested.name, "seen", "It is a part of the training shards, though its labels were not used")
    loose: set[tuple[str, str]] = set()
    for manifest in trained_on:
        if manifest.decontamination is None:
            why = f"The shards '{manifest.name}' carry no certificate of decontamination"
            return Coverage(tested.name, "not covered", why, _remedy(tested, manifest))
        if not tested.files:
            why = "It does not say by hashes from which files it was built"
            build = "Build the test set with `identity: content` for its inputs"
            return Coverage(tested.name, "not covered", why, build)
        found = {digest: _protected(manifest, digest) for digest in tested.files}
        if not all(found.values()):
            why = f"The certificate of the shards '{manifest.name}' is about {_benchmarks(manifest)}"
            return Coverage(tested.name, "not covered", why, _remedy(tested, manifest))
        # Of several certificates of the same shards, any one protects an item.
        for digest, benchmarks in found.items():
            unprotected = set.intersection(*(set(each.unprotected) for each in benchmarks))
            loose |= {(digest, item) for item in unprotected}
    why = "nothing of it was left in the training shards, as their certificate says"
    if loose:
        why = f"{why}, but {counted(len(loose), 'item')} could not be protected"
    return Coverage(tested.name, "covered", why)


def _remedy(tested: EvaluationSet, manifest: Manifest) -> str:
    if any(kind.startswith("image/") for kind in manifest.fields.values()):
        return (
            "Certificates are about texts; to find copies of pictures, build both sets by one recipe with a stage "
            "`exact_dedup`, and look into its ledger"
        )
    file, fields = tested.name if tested.fields else "THE FILE", ", ".join(tested.fields) or "..."
    return (
        f"Build them anew with a stage `decontaminate: {{benchmarks: [{{file: {file}, fields: [{fields}]}}]}}`, and "
        "train on those"
    )


def _protected(manifest: Manifest, digest: str) -> list[Benchmark]:
    """What certificates that guarantee something say of a file."""
    return [
        benchmark
        for certificate in manifest.decontamination or ()
        if certificate.action != "report"
        for benchmark in certificate.benchmarks.values()
        if benchmark.sha256 == digest
    ]


def _benchmarks(manifest: Manifest) -> str:
    """The benchmarks of certificates that guarantee something."""
    certificates = [each for each in manifest.decontamination or () if each.action != "report"]
    names = sorted({name for each in certificates for name in each.benchmarks})
    return f"other benchmarks ({', '.join(names)})" if names else "none, since the stage only reported"
