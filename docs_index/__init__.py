"""Documents and passages. A plain Python library: no Django, no language models, configured by arguments alone."""
