"""The settings of evidence: what is taken, where it is kept, and who looks for malware in it."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from engine.errors import refuse
from storage.clamd import Clamd, Scanner
from storage.evidence import MIB, EvidenceFolder, EvidenceStore, Limits

#: What a column of either database holds.
_MOST = 2**31 - 1


def _a_clamd(given: str) -> str:
    kind, _, where = given.partition(":")
    if not given or (kind == "unix" and where.startswith("/")):
        return given
    try:
        parts = urlsplit(f"//{where}")
        is_whole = kind == "tcp" and bool(parts.hostname) and parts.port is not None
    except ValueError:
        is_whole = False
    if not is_whole:
        raise PydanticCustomError("no_clamd", "neither a socket nor a port", {})
    return given


class EvidenceSection(BaseModel):
    """A bucket's keys belong into the environment: RADAP_EVIDENCE__SECRET_KEY."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path = Path("var/evidence")
    max_bytes: Annotated[int, Field(ge=1, le=_MOST)] = 25 * MIB
    open_bytes: Annotated[int, Field(ge=1, le=_MOST)] = 200 * MIB
    media_types: frozenset[str] = frozenset(
        {
            "application/pdf",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "image/jpeg",
            "image/png",
            "image/webp",
            "image/heic",
            "text/plain",
            "text/csv",
        }
    )
    clamd: Annotated[str, AfterValidator(_a_clamd)] = ""
    clamd_required: bool = True
    clamd_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    store: Literal["folder", "s3"] = "folder"
    bucket: Annotated[str, Field(validate_default=True)] = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: Annotated[str, Field(repr=False)] = ""
    secret_key: Annotated[str, Field(repr=False)] = ""

    @field_validator("bucket")
    @classmethod
    def _is_named(cls, bucket: str, info: ValidationInfo) -> str:
        if not bucket and info.data.get("store") == "s3":
            raise PydanticCustomError("no_bucket", "a bucket has a name", {})
        return bucket


def evidence_store_of(section: EvidenceSection) -> EvidenceStore:
    """Where the files lie."""
    limits = Limits(section.max_bytes, section.media_types, section.open_bytes)
    if section.store == "folder":
        return EvidenceFolder(section.folder, limits)
    try:
        # Imported where it is wanted: it is an extra.
        from storage.evidence_s3 import Bucket, EvidenceBucket  # noqa: PLC0415 - see above
    except ModuleNotFoundError as missing:
        raise refuse("evidence.no_s3_client") from missing
    bucket = Bucket(
        section.bucket,
        section.prefix,
        section.endpoint,
        section.region,
        section.access_key,
        section.secret_key,
    )
    return EvidenceBucket(section.folder, limits, bucket)


def scanner_of(section: EvidenceSection) -> Scanner | None:
    """Who looks for malware; ``None`` where nobody does."""
    if not section.clamd:
        return None
    return Clamd(section.clamd, section.clamd_seconds, section.clamd_required)
