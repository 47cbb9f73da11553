"""manage.py as on another computer: `python -m tests.webchat.documents.elsewhere worker --embed-only`."""

from __future__ import annotations

import socket
import sys

from django.core.management import execute_from_command_line

NAME = "attic"

if __name__ == "__main__":
    socket.gethostname = lambda: NAME
    execute_from_command_line(sys.argv)
