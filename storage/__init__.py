"""Where everything is kept: tables, transactions, the journal, evidence files."""
