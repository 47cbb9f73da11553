"""Suffix → reader, one file a format. Readers run in a child process: they parse hostile files with native code."""
