"""What the form that attaches documents offers: as what, of which fact, in the place of which one."""

from typing import Any

from engine.evidence import EvidenceState, evidence_states
from engine.workflow import MilestoneDefinition
from web.coordinator.scene import Scene
from web.coordinator.views import fact_rows

#: Of these a newer version may be attached; what was withdrawn or replaced before is history.
_REPLACEABLE = (EvidenceState.HOLDS, EvidenceState.EXPIRED, EvidenceState.UNFOUNDED)


def of_version(scene: Scene, number: str) -> dict[str, str]:
    """The fields of a newer version: it stands for what the older one stands for."""
    older = next((one for one in scene.indicator.evidence if str(one.number) == number), None)
    if older is None:
        return {}
    return {"replaces": number, "request": older.request, "occurrence": str(older.occurrence or "")}


def offered(scene: Scene, definition: MilestoneDefinition) -> dict[str, Any]:
    """The choices of the form, and how much evidence there was when it was opened."""
    states = evidence_states(scene.indicator, scene.found.on)
    return {
        "requests": [(one.key, scene.wording.value(one.title)) for one in definition.evidence],
        "proves": [
            (str(one.number), " · ".join(filter(None, (one.day, one.kind, one.document))))
            for one in fact_rows(scene, definition, "")
            if not (one.voided or one.planned or one.kept)
        ],
        "versions": [
            (str(one.number), one.file_name or one.link or "")
            for one in scene.indicator.evidence
            if one.milestone == definition.key and states[one.number] in _REPLACEABLE
        ],
        "seen": len(scene.indicator.evidence),
    }
