"""People, conversations, pages and the API: the Django project, and the only package that knows Django."""
