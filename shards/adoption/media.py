"""Media types of fields by their extension, for manifests of tars that others made."""

_TYPES = {
    "avi": "video/x-msvideo",
    "bin": "application/octet-stream",
    "cls": "text/plain",
    "csv": "text/csv",
    "flac": "audio/flac",
    "gif": "image/gif",
    "gz": "application/gzip",
    "html": "text/html",
    "int": "text/plain",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "npy": "application/x-npy",
    "npz": "application/x-npz",
    "ogg": "audio/ogg",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "png": "image/png",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
    "xml": "application/xml",
    "zst": "application/zstd",
}
"""Of our own, because what Python knows depends on the machine."""


def media_type(field: str) -> str:
    """The media type of a field, by the last part of its name."""
    return _TYPES.get(field.rpartition(".")[2], "application/octet-stream")
