"""The error tree: every error a user can cause or meet says what was found, what was expected and what to do.

HeadraceError            exit code 1   anything of ours; never raised itself
├── UsageError           exit code 2   the command line or the Python call is off
├── RecipeError          exit code 2   a recipe does not say what it must; names file, line and key
├── PluginError          exit code 2   a plug-in is missing or breaks its contract
├── InputError           exit code 3   raw data or a folder that cannot be read or written
├── ShardError           exit code 4   shards that are not what their manifest says
│   ├── ManifestError
│   ├── CorruptSampleError
│   └── StoreError                     a store refuses, or fails for too long; the same line continues the run
├── StateError           exit code 5   a state or checkpoint that belongs to something else
├── BuildError           exit code 6   a build that had to stop; the same line continues it
├── TrainingError        exit code 7   a run that had to stop; the same line continues it
├── StreamError          exit code 7   a stream that had to stop; its state continues it
├── AuditError           exit code 8   a run that did not see what it should have seen
└── Interrupted          exit code 130 the user's own stop
"""

from typing import ClassVar


class HeadraceError(Exception):
    """An error with its remedy.

    Args:
        message: One sentence: what went wrong, and where.
        found: What was found, as the user would recognise it.
        expected: What was expected instead.
        remedy: What to do now; a command where there is one.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, found: str = "", expected: str = "", remedy: str = "") -> None:
        self.message = message
        self.found = found
        self.expected = expected
        self.remedy = remedy
        # All four go into args, so that the error survives the trip from a worker process.
        super().__init__(message, found, expected, remedy)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.found, self.expected, self.remedy)

    def __str__(self) -> str:
        parts = [self.message]
        if self.found:
            parts.append(f"Found: {self.found}")
        if self.expected:
            parts.append(f"Expected: {self.expected}")
        if self.remedy:
            parts.append(self.remedy)
        # What another library said may end with a full stop already.
        return " ".join(part.rstrip(".") + "." for part in parts)


def _rebuild(kind: type[HeadraceError], message: str, found: str, expected: str, remedy: str) -> HeadraceError:
    error = kind.__new__(kind)
    HeadraceError.__init__(error, message, found=found, expected=expected, remedy=remedy)
    return error


class UsageError(HeadraceError):
    """The command line or the Python call is off."""

    exit_code = 2


class RecipeError(HeadraceError):
    """A recipe does not say what it must; the message names file, line and key."""

    exit_code = 2


class PluginError(HeadraceError):
    """A plug-in is missing, cannot be imported, or breaks its contract."""

    exit_code = 2


class InputError(HeadraceError):
    """Raw data or a folder cannot be read or written."""

    exit_code = 3


class ShardError(HeadraceError):
    """Shards are not what their manifest says."""

    exit_code = 4


class ManifestError(ShardError):
    """A manifest is missing, malformed or of another version."""


class CorruptSampleError(ShardError):
    """A sample's bytes do not match the checksum in its index, even after a second fetch."""


class StoreError(ShardError):
    """A store refuses to give a file, or fails for longer than is waited for; never damage of the file itself."""


class StateError(HeadraceError):
    """A state or a checkpoint belongs to something else than what it is restored against."""

    exit_code = 5


class BuildError(HeadraceError):
    """A build had to stop; the same command line continues it."""

    exit_code = 6


class TrainingError(HeadraceError):
    """A training run had to stop; the same command line continues it."""

    exit_code = 7


class StreamError(HeadraceError):
    """A stream had to stop; its state names what was delivered, and continues it."""

    exit_code = 7


class AuditError(HeadraceError):
    """The logs of a run do not prove that it saw every sample as often as it should have."""

    exit_code = 8


class Interrupted(HeadraceError):
    """The user stopped the work, which is no error: the message says what is kept, the remedy how to go on."""

    exit_code = 130
