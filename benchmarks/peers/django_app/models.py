"""Radap's tables as Django models; a milestone's life as a django-fsm-2 field with a condition."""

from django.db import models
from django_fsm import FSMField, transition

from benchmarks.work import MILESTONES, NEEDED


class WorkflowVersion(models.Model):
    id = models.IntegerField(primary_key=True)
    key = models.TextField()

    class Meta:
        managed = False
        db_table = "workflow_versions"


class Seal(models.Model):
    pk = models.CompositePrimaryKey("fiscal_year", "quarter")
    fiscal_year = models.IntegerField()
    quarter = models.IntegerField()

    class Meta:
        managed = False
        db_table = "seals"


class Indicator(models.Model):
    id = models.IntegerField(primary_key=True)
    code = models.TextField()
    fiscal_year = models.IntegerField()
    agency_id = models.IntegerField()
    workflow_version = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT)
    owner_id = models.IntegerField(null=True)
    target = models.TextField(null=True)
    weight = models.TextField()
    life = models.TextField()
    ladder = models.TextField()
    claimed_level = models.IntegerField()
    claimed_fraction = models.FloatField()
    verified_level = models.IntegerField()
    verified_fraction = models.FloatField()
    as_of = models.DateField()
    changes_on = models.DateField(null=True)
    next_due_on = models.DateField(null=True)
    claimed_q1 = models.IntegerField(null=True)
    claimed_q2 = models.IntegerField(null=True)
    claimed_q3 = models.IntegerField(null=True)
    claimed_q4 = models.IntegerField(null=True)
    verified_q1 = models.IntegerField(null=True)
    verified_q2 = models.IntegerField(null=True)
    verified_q3 = models.IntegerField(null=True)
    verified_q4 = models.IntegerField(null=True)
    version = models.IntegerField()
    journal_seq = models.IntegerField()
    journal_head = models.TextField()

    class Meta:
        managed = False
        db_table = "indicators"


class Details(models.Model):
    indicator = models.OneToOneField(Indicator, models.PROTECT, primary_key=True, related_name="details")
    title_th = models.TextField()
    title_en = models.TextField()
    unit = models.TextField()

    class Meta:
        managed = False
        db_table = "indicator_details"


class Milestone(models.Model):
    pk = models.CompositePrimaryKey("indicator_id", "key")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    key = models.TextField()
    state = FSMField(default="open", protected=True)
    due_on = models.DateField(null=True)
    since = models.TextField(null=True)
    blocked_by = models.TextField()
    postponed_to = models.DateField(null=True)
    reason = models.TextField()

    count: int
    """Facts that count, set by whoever is about to fire."""

    class Meta:
        managed = False
        db_table = "milestones"

    def has_enough(self) -> bool:
        return self.count >= NEEDED[MILESTONES.index(self.key)]

    @transition(field=state, source="open", target="in_progress")
    def start(self) -> None:
        """Work on the milestone has begun."""

    @transition(field=state, source=["open", "in_progress"], target="achieved", conditions=[has_enough])
    def complete(self) -> None:
        """All that it needs is there."""


class Occurrence(models.Model):
    pk = models.CompositePrimaryKey("indicator_id", "number")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    number = models.IntegerField()
    milestone = models.TextField()
    kind = models.TextField()
    counts = models.BooleanField()
    occurred_on = models.DateField(null=True)
    quarter = models.IntegerField()
    counts_on = models.DateField(null=True)
    recorded_at = models.TextField()
    recorded_by = models.IntegerField()
    planned = models.BooleanField(default=False)
    value = models.TextField(null=True)
    document_number = models.TextField(null=True)
    note = models.TextField(default="")
    approved_at = models.TextField(null=True)
    approved_by = models.IntegerField(null=True)
    fulfils = models.IntegerField(null=True)
    voided_at = models.TextField(null=True)
    voided_by = models.IntegerField(null=True)
    void_reason = models.TextField(default="")

    class Meta:
        managed = False
        db_table = "occurrences"


class Decision(models.Model):
    pk = models.CompositePrimaryKey("indicator_id", "number")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    number = models.IntegerField()
    milestone = models.TextField()
    ruling = models.TextField()
    decided_at = models.TextField()
    decided_by = models.IntegerField()
    reason = models.TextField()
    fix_by = models.DateField(null=True)

    class Meta:
        managed = False
        db_table = "decisions"


class Waiver(models.Model):
    pk = models.CompositePrimaryKey("indicator_id", "number")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    number = models.IntegerField()
    milestone = models.TextField()
    granted_on = models.DateField()
    expires_on = models.DateField()
    granted_at = models.TextField()
    granted_by = models.IntegerField()
    reason = models.TextField()
    withdrawn_at = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = "waivers"


class Evidence(models.Model):
    pk = models.CompositePrimaryKey("indicator_id", "number")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    number = models.IntegerField()
    milestone = models.TextField()
    request = models.TextField()
    occurrence = models.IntegerField(null=True)
    attached_at = models.TextField()
    attached_by = models.IntegerField()
    sha256 = models.TextField(null=True)
    link = models.TextField(null=True)
    file_name = models.TextField()
    withdrawn_at = models.TextField(null=True)
    expires_on = models.DateField(null=True)
    replaces = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "evidence"


class Report(models.Model):
    pk = models.CompositePrimaryKey("indicator_id", "quarter")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    quarter = models.IntegerField()
    state = models.TextField()
    narrative = models.TextField()
    self_reported = models.TextField(null=True)
    written_at = models.TextField(null=True)
    written_by = models.IntegerField(null=True)
    submitted_at = models.TextField(null=True)
    submitted_by = models.IntegerField(null=True)
    endorsed_at = models.TextField(null=True)
    endorsed_by = models.IntegerField(null=True)
    return_reason = models.TextField()
    fix_by = models.DateField(null=True)
    quality = models.IntegerField(null=True)
    timeliness = models.IntegerField(null=True)
    remark = models.TextField(null=True)
    evaluated_at = models.TextField(null=True)
    evaluated_by = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "reports"


class Journal(models.Model):
    pk = models.CompositePrimaryKey("stream", "seq")
    stream = models.IntegerField()
    seq = models.IntegerField()
    what = models.TextField()
    at = models.TextField()
    by = models.IntegerField()
    data = models.TextField()
    previous_hash = models.TextField()
    hash = models.TextField()

    class Meta:
        managed = False
        db_table = "journal"
