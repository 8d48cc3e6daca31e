"""From what people write about a quarter to facts that somebody may accept: rules and tables."""
