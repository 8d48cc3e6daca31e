"""What a full export holds: which tables go out, under which names, and which stay in the house and why.

Nothing goes out that opens a door: no hash of a password, no token, no secret with which links are signed.
A column goes out only if it is named here, so a new one stays at home until somebody has decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Column, Table, select
from sqlalchemy.sql.elements import ColumnElement

from storage import tables as t

#: The version of the format: whoever writes other names or files writes another number.
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the export: a line for each row of the table, joined one to one with ``joined``.

    ``names`` says under which name each column goes out; a dot makes a table within the line. ``kept_back``
    are columns that do not go out, with the reason. ``only`` are the rows that do, where not all of them do.
    """

    name: str
    table: Table
    names: Mapping[str, str]
    joined: Table | None = None
    kept_back: Mapping[str, str] = field(default_factory=dict)
    only: ColumnElement[bool] | None = None

    @property
    def file(self) -> str:
        return f"{self.name}.jsonl"

    @property
    def tables(self) -> tuple[Table, ...]:
        return (self.table,) if self.joined is None else (self.table, self.joined)

    @property
    def columns(self) -> list[Column[object]]:
        """The columns that go out, in the order of their names."""
        return [next(one.c[name] for one in self.tables if name in one.c) for name in self.names]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns by which the lines are ordered."""
        return tuple(column.name for column in self.table.primary_key.columns)


def _part(
    name: str,
    table: Table,
    columns: str,
    joined: Table | None = None,
    kept_back: Mapping[str, str] | None = None,
    only: ColumnElement[bool] | None = None,
) -> Part:
    """``columns`` names them in order: ``code`` as it is, ``agency_id:agency`` under another name."""
    names = {column: name or column for column, _, name in (one.partition(":") for one in columns.split())}
    return Part(name, table, names, joined, kept_back or {}, only)


_TRAILS = " ".join(f"{basis}_q{n}:{basis}.q{n}" for basis in ("claimed", "verified") for n in (1, 2, 3, 4))
_LEVELS = (
    "claimed_level:claimed.level claimed_fraction:claimed.fraction "
    "verified_level:verified.level verified_fraction:verified.fraction"
)
_OF_INDICATOR = "indicator_id:indicator number"

#: In the order in which they come in: each may point to those before it. Numbers are those under which the
#: journal knows agencies, people and indicators, so that its hashes stay what they are.
PARTS: Sequence[Part] = (
    _part("agencies", t.agencies, "id code name_th:name.th name_en:name.en kind parent_id:parent"),
    _part(
        "people",
        t.people,
        "id email name language added_at hour switched_off line_id:line unreachable_at unreachable_why",
        kept_back={"calendar_hash": "whoever has the secret behind it reads the person's calendar"},
    ),
    _part("roles", t.grants, "id person_id:person role agency_id:agency"),
    _part(
        "substitutions",
        t.substitutions,
        "id person_id:person substitute_id:substitute first_on last_on added_at withdrawn_at",
    ),
    _part("workflows", t.workflow_versions, "id key version hash source registered_at"),
    _part("plan", t.plan_nodes, "id code title parent_id:parent"),
    _part("files", t.files, "sha256 size media_type stored_at"),
    _part(
        "indicators",
        t.indicators,
        "id code fiscal_year agency_id:agency workflow_version_id:workflow owner_id:owner title_th:title.th "
        "title_en:title.en unit target weight life ladder kind result_kind definition method evidence_asked "
        f"plan_node_id:plan source_note {_LEVELS} {_TRAILS} as_of changes_on next_due_on version "
        "journal_seq:journal.seq journal_head:journal.head told_seq:journal.told",
        joined=t.indicator_details,
    ),
    _part(
        "milestones",
        t.milestones,
        "indicator_id:indicator key state due_on since blocked_by postponed_to reason",
    ),
    _part(
        "occurrences",
        t.occurrences,
        f"{_OF_INDICATOR} milestone kind counts occurred_on quarter counts_on recorded_at recorded_by "
        "planned value document_number note approved_at approved_by fulfils voided_at voided_by void_reason",
    ),
    _part(
        "decisions",
        t.decisions,
        f"{_OF_INDICATOR} milestone ruling decided_at decided_by reason fix_by",
    ),
    _part(
        "waivers",
        t.waivers,
        f"{_OF_INDICATOR} milestone granted_on expires_on granted_at granted_by reason withdrawn_at",
    ),
    _part(
        "evidence",
        t.evidence,
        f"{_OF_INDICATOR} milestone request occurrence attached_at attached_by sha256 link file_name "
        "withdrawn_at expires_on replaces",
    ),
    _part(
        "reports",
        t.reports,
        "indicator_id:indicator quarter state narrative self_reported written_at written_by submitted_at "
        "submitted_by endorsed_at endorsed_by return_reason fix_by answer quality:evaluation.quality "
        "timeliness:evaluation.timeliness remark:evaluation.remark evaluated_at:evaluation.at "
        "evaluated_by:evaluation.by",
    ),
    _part(
        "verdicts",
        t.verdicts,
        f"{_OF_INDICATOR} quarter kind given_at given_by quality timeliness met "
        "proposed_quality:proposed.quality proposed_timeliness:proposed.timeliness quality_reason "
        "timeliness_reason remark drawn",
    ),
    _part(
        "appeals",
        t.appeals,
        f"{_OF_INDICATOR} quarter verdict reason made_at made_by state decided_at decided_by answer",
    ),
    _part(
        "petitions",
        t.petitions,
        f"{_OF_INDICATOR} kind milestone quarter until reason asked_at asked_by state decided_at decided_by "
        "answer occurrence fact_kind value document_number",
    ),
    _part(
        "extensions",
        t.extensions,
        "agency_id:agency fiscal_year quarter until_on:until reason granted_at granted_by",
    ),
    _part(
        "imported_pages", t.imported_pages, f"{_OF_INDICATOR} name form sha256 text imported_at imported_by"
    ),
    _part(
        "proposals",
        t.proposals,
        f"{_OF_INDICATOR} quarter begins ends text standing milestone kind counts occurred_on first_on "
        "last_on document_number note value confidence why page made_at made_by state decided_at decided_by "
        "reason occurrence",
    ),
    _part("setting_changes", t.setting_changes, "id key value changed_at changed_by"),
    _part("journal", t.journal, "stream seq what at by data previous_hash hash"),
    _part(
        "city",
        t.city,
        "id journal_seq:journal.seq journal_head:journal.head told_seq:journal.told swept_on",
        kept_back={"link_secret": "links in mails are signed with it"},
    ),
    _part("seals", t.seals, "fiscal_year quarter sealed_at sealed_by previous_hash hash"),
    _part(
        "seal_lines",
        t.seal_lines,
        f"fiscal_year quarter indicator_id:indicator code {_LEVELS} workflow:workflow.key "
        "workflow_version:workflow.version workflow_hash:workflow.hash journal_seq:journal.seq "
        "journal_head:journal.head",
    ),
    _part(
        "messages",
        t.outbox,
        "id key channel kind person_id:person state not_before created_at attempts message_ref to_address:to "
        "subject answer sent_at",
        kept_back={
            "content": "its links do things without a password",
            "token": "of the process that is sending it",
            "lease_until": "of the process that is sending it",
            "endpoint_id": "programs are told by this house; what is for them does not go out",
        },
        only=t.outbox.c.endpoint_id.is_(None),
    ),
    _part(
        "message_steps",
        t.outbox_log,
        "id message_id:message at what detail",
        only=t.outbox_log.c.message_id.in_(select(t.outbox.c.id).where(t.outbox.c.endpoint_id.is_(None))),
    ),
    _part(
        "reminders",
        t.reminders,
        "id topic agency_id:agency indicator_id:indicator key due_on step rule person_id:person role "
        "instead_of owed_on message_id:message withdrawn_at",
    ),
    _part("notices", t.notices, "id person_id:person indicator_id:indicator seq what message_id:message"),
    _part(
        "quiets",
        t.quiets,
        "id person_id:person topic agency_id:agency indicator_id:indicator key due_on until_on:until "
        "snoozed at",
    ),
)

#: Tables of which nothing goes out, with the reason.
KEPT_BACK: Mapping[str, str] = {
    "credentials": "hashes of passwords",
    "second_factors": "the secrets of second factors",
    "recovery_codes": "hashes of codes that open the door",
    "sessions": "who is signed in",
    "password_links": "links with which a password is set",
    "door_log": "who came to the door of this house, and from where",
    "used_links": "links of this house's mails, which no other house takes",
    "uploads": "sent and attached to nothing yet, gone after a day",
    "jobs": "made in the background and fetched, gone after a while",
    "tokens": "what programs come in with",
    "replays": "answers to programs that may ask again, kept for a day",
    "endpoints": "programs that are told of events, with the secret that signs what they are told",
    "drafts": "typed and not said yet",
    "search_texts": "made again from what is found",
}

#: What is under way while an export is written is not under way where it comes in.
ARRESTED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("outbox", "state"): {"claimed": "pending", "sending": "uncertain"},
}
