"""Pages for people: what the links of a mail open, the private calendar, and later everything else."""
