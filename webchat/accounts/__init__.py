"""Who is asking: the owner of this machine, people with a password, and keys for programs."""
