"""One function per thing that a person does: it loads, asks the rules, and saves a change with its event."""

from engine.actions._work import Outcome
from engine.actions.agreement import change_indicator
from engine.actions.appeals import decide_appeal, make_appeal
from engine.actions.city import check_manager
from engine.actions.evidence import attach_evidence, withdraw_evidence
from engine.actions.imports import TakenPage, changed_fields, import_page, update_from_page
from engine.actions.indicators import (
    NewIndicator,
    activate_indicator,
    cancel_indicator,
    close_indicator,
    create_indicator,
    decline_cancellation,
    refresh_level,
    request_cancellation,
)
from engine.actions.migration import migrate_indicator
from engine.actions.milestones import (
    achieve_milestone,
    block_milestone,
    postpone_milestone,
    reopen_milestone,
    resume_milestone,
    return_milestone,
    verify_milestone,
    waive_milestone,
)
from engine.actions.occurrences import (
    NewOccurrence,
    approve_occurrence,
    record_after_seal,
    record_occurrence,
    void_after_seal,
    void_occurrence,
)
from engine.actions.petitions import (
    NewPetition,
    decline_petition,
    grant_petition,
    make_petition,
    withdraw_petition,
)
from engine.actions.proposals import (
    Accepted,
    accept_proposal,
    accept_proposals,
    propose_facts,
    refuse_proposal,
)
from engine.actions.quarters import grant_extension, seal_quarter
from engine.actions.reports import (
    endorse_report,
    submit_report,
    write_report,
)
from engine.actions.verdicts import accept_report, read_report_again, return_report

__all__ = [
    "Accepted",
    "NewIndicator",
    "NewOccurrence",
    "NewPetition",
    "Outcome",
    "TakenPage",
    "accept_proposal",
    "accept_proposals",
    "accept_report",
    "achieve_milestone",
    "activate_indicator",
    "approve_occurrence",
    "attach_evidence",
    "block_milestone",
    "cancel_indicator",
    "change_indicator",
    "changed_fields",
    "check_manager",
    "close_indicator",
    "create_indicator",
    "decide_appeal",
    "decline_cancellation",
    "decline_petition",
    "endorse_report",
    "grant_extension",
    "grant_petition",
    "import_page",
    "make_appeal",
    "make_petition",
    "migrate_indicator",
    "postpone_milestone",
    "propose_facts",
    "read_report_again",
    "record_after_seal",
    "record_occurrence",
    "refresh_level",
    "refuse_proposal",
    "reopen_milestone",
    "request_cancellation",
    "resume_milestone",
    "return_milestone",
    "return_report",
    "seal_quarter",
    "submit_report",
    "update_from_page",
    "verify_milestone",
    "void_after_seal",
    "void_occurrence",
    "waive_milestone",
    "withdraw_evidence",
    "withdraw_petition",
    "write_report",
]
