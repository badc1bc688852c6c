"""Faults of stores told apart: what another attempt may mend, and what stays as it is.

Permanent are an answer with a status below 500 (but 408, 425 and 429, which ask for patience) or 501, missing or wrong
credentials, and a file that is not there. Everything else (time-outs, connections refused or reset, bodies cut short,
500, 503, names that cannot be resolved) is transient. Libraries wrap one error into the next, so a status is looked
for along the chain of causes.
"""

from collections.abc import Iterator
from typing import Any

from ..base.errors import HeadraceError, ShardError, StoreError

_PATIENT = frozenset({408, 425, 429})
_CREDENTIALS = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "DefaultCredentialsError"}
)
"""Of botocore and google-auth, by name, since neither need be installed."""
_OURS = (TypeError, ValueError, NotImplementedError, ImportError, AttributeError)
"""What no store answers: a mistake in a call or a URL, or a package that is missing."""


def missing(place: str) -> ShardError:
    """The error for a shard or index that is not there."""
    return ShardError(
        f"there is no {place}",
        expected="every file that the manifest names",
        remedy="Run `headrace verify` on the folder to see what else is missing, and copy or build it again",
    )


def status_of(error: BaseException) -> int | None:
    """The HTTP status behind an error; None where there is none."""
    for each in _causes(error):
        for look in (_of_aiohttp, _of_boto, _of_gcsfs):
            if isinstance(status := look(each), int):
                return status
    return None


def beyond_end(error: BaseException) -> bool:
    """Whether a range was refused because it begins where the file ends, or later."""
    return status_of(error) == 416


def permanent(error: Exception, url: str) -> Exception | None:
    """The error to raise for a fault that stays; None where another attempt may mend it."""
    status = status_of(error)
    if isinstance(error, HeadraceError | FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return error
    if status == 404:
        return FileNotFoundError(url)
    refused = isinstance(error, PermissionError) or status in (401, 403)
    if refused or any(type(each).__name__ in _CREDENTIALS for each in _causes(error)):
        return StoreError(
            f"the store refuses to give {url}",
            found=described(error),
            expected="leave to read it",
            remedy="Look at your credentials and at the bucket's rules; fsspec takes credentials from where the "
            "store's own tools do, and from its own configuration files",
        )
    if status is None:
        return error if isinstance(error, _OURS) else None
    if status in _PATIENT or (status >= 500 and status != 501):
        return None
    return StoreError(f"the store does not give {url}", found=f"status {status}: {described(error)}")


def described(error: BaseException) -> str:
    """An error in a line: its kind, and what it says."""
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _of_aiohttp(error: BaseException) -> Any:
    return getattr(error, "status", None)


def _of_gcsfs(error: BaseException) -> Any:
    # By name, since gcsfs need not be installed, and errors of aiohttp's parser have a code of their own.
    return getattr(error, "code", None) if type(error).__name__ == "HttpError" else None


def _of_boto(error: BaseException) -> Any:
    response = getattr(error, "response", None)
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
