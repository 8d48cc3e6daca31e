"""How fast and how small Radap is, beside other ways of doing the same work, measured in one run."""
