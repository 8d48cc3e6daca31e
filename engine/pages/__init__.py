"""An indicator's page of the existing site: read from its text, and looked through for what is odd."""
