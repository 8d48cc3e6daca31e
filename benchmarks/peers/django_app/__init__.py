"""A Django application over the shared tables, for the Django peer only."""
