"""The shared tables as Django models; a milestone's life as a django-fsm-2 field with a condition."""

from django.db import models
from django_fsm import FSMField, transition

from benchmarks.work import NEEDED


class Indicator(models.Model):
    id = models.BigAutoField(primary_key=True)
    state = models.TextField()
    starts_on = models.TextField()
    ends_on = models.TextField()
    claimed_level = models.IntegerField()
    claimed_fraction = models.FloatField()
    version = models.IntegerField()
    journal_length = models.IntegerField()
    journal_head = models.TextField()

    class Meta:
        managed = False
        db_table = "indicators"


class Milestone(models.Model):
    id = models.BigAutoField(primary_key=True)
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    position = models.IntegerField()
    state = FSMField(default="open", protected=True)
    achieved_on = models.TextField(null=True)

    count: int
    """Occurrences so far, set by whoever is about to fire."""

    class Meta:
        managed = False
        db_table = "milestones"

    def has_enough(self) -> bool:
        return self.count >= NEEDED[self.position]

    @transition(field=state, source=["open", "in_progress"], target="in_progress")
    def begin(self) -> None:
        """Work on the milestone has begun."""

    @transition(field=state, source="in_progress", target="achieved", conditions=[has_enough])
    def achieve(self, occurred_on: str) -> None:
        self.achieved_on = occurred_on


class Occurrence(models.Model):
    id = models.BigAutoField(primary_key=True)
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    position = models.IntegerField()
    occurred_on = models.TextField()
    recorded_at = models.TextField()
    document = models.TextField()

    class Meta:
        managed = False
        db_table = "occurrences"


class Journal(models.Model):
    id = models.BigAutoField(primary_key=True)
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT)
    sequence = models.IntegerField()
    previous = models.TextField()
    hash = models.TextField()
    event = models.TextField()

    class Meta:
        managed = False
        db_table = "journal"
