"""The command line: reads the settings, holds the clock, and wires everything together."""
