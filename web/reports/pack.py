"""The evidence as one ZIP: a tree of agencies, indicators and milestones, a manifest, and what is missing."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any, BinaryIO

from engine.errors import Refusal
from engine.evidence import EvidenceState, evidence_states
from engine.guards import lacking_evidence
from engine.indicator import Evidence, Indicator, MilestoneState
from engine.workflow import MilestoneDefinition, Text
from storage.evidence import EvidenceStore, known_files
from storage.file_names import clean_name, named_as
from storage.transaction import Tx
from web.reports.data import Telling

MEDIA_TYPE = "application/zip"
_CHUNK = 1 << 20
#: So long the name of a folder may be: many systems stop at 255 characters for a whole path.
_LONGEST = 60
#: A milestone that is done asks for its documents; of one that is not they are not missing yet.
_DONE = (MilestoneState.ACHIEVED, MilestoneState.VERIFIED, MilestoneState.RETURNED)


def write_pack(
    tx: Tx,
    telling: Telling,
    target: IO[bytes],
    evidence: EvidenceStore,
    indicators: Iterable[Indicator],
    agencies: Mapping[int, Text],
    step: Callable[[], None] = lambda: None,
) -> None:
    """Write the ZIP, file after file as they are read; ``step`` is called after each indicator."""
    listed: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for indicator in indicators:
            name = telling.wording.value(agencies.get(indicator.agency, Text("", "")))
            for one, path in _files_of(tx, telling, indicator, name):
                entry = _entry(telling, indicator, one, path)
                if one.link is not None:
                    listed.append({**entry, "link": one.link})
                    continue
                wrong = _add(archive, path, evidence, one.sha256 or "", entry)
                (missing if wrong else listed).append({**entry, **({"why": wrong} if wrong else {})})
            missing += _lacking(telling, indicator)
            step()
        manifest = {
            "made_at": telling.now.isoformat(),
            "house": telling.site.house,
            "files": listed,
            "missing": missing,
        }
        archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
        archive.writestr(_missing_name(telling), _missing_text(telling, missing))


def _files_of(tx: Tx, telling: Telling, indicator: Indicator, agency: str) -> Iterator[tuple[Evidence, str]]:
    """The evidence of an indicator with its place in the tree; what was taken back is left out."""
    states = evidence_states(indicator, indicator.fiscal_year.nearest(telling.today))
    files = known_files(tx.connection, {one.sha256 for one in indicator.evidence if one.sha256})
    folders = {
        one.key: _folder(f"{place:02} {telling.wording.value(one.title)}")
        for place, one in enumerate(indicator.workflow.milestones, start=1)
    }
    top = f"{_folder(agency)}/{_folder(indicator.code)}"
    for one in indicator.evidence:
        if states[one.number] is EvidenceState.WITHDRAWN:
            continue
        kept = files.get(one.sha256 or "")
        name = named_as(clean_name(one.file_name), kept.media_type if kept else "")
        yield one, f"{top}/{folders.get(one.milestone, _folder(one.milestone))}/{one.number:03} {name}"


def _folder(name: str) -> str:
    return clean_name(name)[:_LONGEST].rstrip(". ") or "-"


def _entry(telling: Telling, indicator: Indicator, one: Evidence, path: str) -> dict[str, Any]:
    definition = indicator.workflow.milestone(one.milestone)
    return {
        "path": path,
        "sha256": one.sha256,
        "size": None,
        "code": indicator.code,
        "fiscal_year": indicator.fiscal_year.be,
        "milestone": telling.wording.value(definition.title) if definition else one.milestone,
        "request": _request(telling, definition, one.request),
        "number": one.number,
        "occurrence": one.occurrence,
        "name": one.file_name,
        "attached_at": one.attached_at.isoformat(),
    }


def _request(telling: Telling, definition: MilestoneDefinition | None, key: str) -> str:
    asked = {one.key: one.title for one in definition.evidence} if definition else {}
    return telling.wording.value(asked[key]) if key in asked else ""


def _add(
    archive: zipfile.ZipFile, path: str, evidence: EvidenceStore, sha256: str, entry: dict[str, Any]
) -> str:
    """Copy a file into the archive and hash it on its way; what is wrong with it, if anything is.

    One that was altered is there all the same, and listed as such: somebody must look at it.
    """
    try:
        source = evidence.open(sha256)
    except Refusal:
        return "vanished"
    with source:
        entry["size"], digest = _copied(archive, path, source)
    return "" if digest == sha256 else "altered"


def _copied(archive: zipfile.ZipFile, path: str, source: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with archive.open(path, "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return size, digest.hexdigest()


def _lacking(telling: Telling, indicator: Indicator) -> Iterator[dict[str, Any]]:
    """The documents that milestones which are done ask for, and nobody attached."""
    on = indicator.fiscal_year.nearest(telling.today)
    for definition in indicator.workflow.milestones:
        if indicator.milestones[definition.key].state in _DONE:
            for unmet in lacking_evidence(indicator, definition, on):
                yield {
                    "why": "not_attached",
                    "code": indicator.code,
                    "fiscal_year": indicator.fiscal_year.be,
                    "milestone": telling.wording.value(definition.title),
                    "request": telling.wording.value(unmet.params["evidence"]),
                }


def _missing_name(telling: Telling) -> str:
    return f"{clean_name(telling.wording.say('pack.missing'))}.txt"


def _missing_text(telling: Telling, missing: list[dict[str, Any]]) -> str:
    """The same list for people, a line each; with the mark by which every program knows the letters."""
    say = telling.wording.say
    lines = [say("pack.missing_head", count=len(missing))]
    lines += [
        say(
            f"pack.{one['why']}",
            code=one["code"],
            milestone=one["milestone"],
            request=one["request"],
            name=one.get("name"),
        )
        for one in missing
    ]
    return "\ufeff" + "\r\n".join(lines) + "\r\n"
