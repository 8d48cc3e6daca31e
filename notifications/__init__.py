"""What leaves the house: reminders, news of changes, and the channels that carry them."""
