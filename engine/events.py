"""What can happen, in the past tense: the vocabulary of the journal."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Happened(StrEnum):
    """The kinds of events."""

    INDICATOR_CREATED = "indicator_created"
    INDICATOR_ACTIVATED = "indicator_activated"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLATION_DECLINED = "cancellation_declined"
    INDICATOR_CANCELLED = "indicator_cancelled"
    INDICATOR_CLOSED = "indicator_closed"
    INDICATOR_CHANGED = "indicator_changed"
    INDICATOR_MIGRATED = "indicator_migrated"
    OCCURRENCE_RECORDED = "occurrence_recorded"
    OCCURRENCE_PLANNED = "occurrence_planned"
    OCCURRENCE_APPROVED = "occurrence_approved"
    OCCURRENCE_VOIDED = "occurrence_voided"
    EVIDENCE_ATTACHED = "evidence_attached"
    EVIDENCE_WITHDRAWN = "evidence_withdrawn"
    MILESTONE_ACHIEVED = "milestone_achieved"
    MILESTONE_VERIFIED = "milestone_verified"
    MILESTONE_RETURNED = "milestone_returned"
    MILESTONE_REOPENED = "milestone_reopened"
    MILESTONE_BLOCKED = "milestone_blocked"
    MILESTONE_RESUMED = "milestone_resumed"
    MILESTONE_POSTPONED = "milestone_postponed"
    MILESTONE_WAIVED = "milestone_waived"
    PETITION_MADE = "petition_made"
    PETITION_GRANTED = "petition_granted"
    PETITION_DECLINED = "petition_declined"
    PETITION_WITHDRAWN = "petition_withdrawn"
    LEVEL_REFRESHED = "level_refreshed"
    REPORT_WRITTEN = "report_written"
    REPORT_SUBMITTED = "report_submitted"
    REPORT_ENDORSED = "report_endorsed"
    REPORT_ACCEPTED = "report_accepted"
    REPORT_RETURNED = "report_returned"
    REPORT_READ_AGAIN = "report_read_again"
    APPEAL_MADE = "appeal_made"
    APPEAL_UPHELD = "appeal_upheld"
    APPEAL_DISMISSED = "appeal_dismissed"
    PAGE_IMPORTED = "page_imported"
    FACTS_PROPOSED = "facts_proposed"
    PROPOSAL_REFUSED = "proposal_refused"
    DEADLINES_MOVED = "deadlines_moved"
    AGENCY_ADDED = "agency_added"
    AGENCY_CHANGED = "agency_changed"
    PERSON_ADDED = "person_added"
    PERSON_RENAMED = "person_renamed"
    WORKFLOW_REGISTERED = "workflow_registered"
    EXTENSION_GRANTED = "extension_granted"
    QUARTER_SEALED = "quarter_sealed"
    SUBSTITUTION_GIVEN = "substitution_given"
    SUBSTITUTION_WITHDRAWN = "substitution_withdrawn"
    TOPIC_SWITCHED_OFF = "topic_switched_off"
    TOPIC_SWITCHED_ON = "topic_switched_on"
    HOUR_SET = "hour_set"
    LANGUAGE_SET = "language_set"
    LINE_SET = "line_set"
    PERSON_UNREACHABLE = "person_unreachable"
    PERSON_REACHABLE = "person_reachable"
    CALENDAR_MADE = "calendar_made"
    CALENDAR_REVOKED = "calendar_revoked"
    ROLE_GIVEN = "role_given"
    ROLE_TAKEN = "role_taken"
    LINK_MADE = "link_made"
    SESSIONS_ENDED = "sessions_ended"
    FACTOR_REMOVED = "factor_removed"
    MESSAGE_MOVED = "message_moved"
    TOKEN_MADE = "token_made"  # noqa: S105 - a word, not a secret
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a word, not a secret
    ENDPOINT_ADDED = "endpoint_added"
    ENDPOINT_PAUSED = "endpoint_paused"
    ENDPOINT_RESUMED = "endpoint_resumed"
    ENDPOINT_RENEWED = "endpoint_renewed"
    ENDPOINT_STOPPED = "endpoint_stopped"
    ENDPOINT_REMOVED = "endpoint_removed"
    RECORDS_WRITTEN = "records_written"
    SETTING_CHANGED = "setting_changed"
    JOB_MOVED = "job_moved"


class Event(NamedTuple):
    """Something that happened: what, when, by whom, and its particulars as JSON-ready values.

    ``data`` holds only strings, numbers, booleans, ``None``, lists and mappings of these; days and
    instants are ISO strings, exact numbers are strings.
    """

    what: Happened
    at: datetime
    by: int
    data: Mapping[str, Any]
