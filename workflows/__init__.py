"""Workflow definitions: the TOML files of this folder, and what reads, checks and draws them."""
