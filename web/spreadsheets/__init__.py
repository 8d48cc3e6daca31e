"""Spreadsheets that people give: read cell by cell, made records of, and the templates of them handed out."""
