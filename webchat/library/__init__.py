"""The language models on this machine: their files, their settings, and the runners that serve them."""
