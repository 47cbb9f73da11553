"""Language models and tokens. A plain Python library: no Django, no documents, configured by arguments alone."""
