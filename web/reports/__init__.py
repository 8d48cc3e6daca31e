"""What is printed and taken away: official reports as PDF, spreadsheets, the evidence with its manifest."""
