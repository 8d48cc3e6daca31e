"""The rules of Radap: pure, without I/O, never asking the time."""
