from __future__ import annotations

import logging
import sys

from django.db import OperationalError

from webchat.outages import BrieflyAway


def logged(fault: Exception) -> str:
    try:
        raise fault
    except type(fault):
        words = ("Service Unavailable: %s", ("/health",), sys.exc_info())
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, *words)
    assert BrieflyAway().filter(record)
    return logging.Formatter("%(message)s").format(record)


def test_a_database_that_is_away_is_logged_in_a_line() -> None:
    said = logged(OperationalError("connection failed: Connection refused\n\tIs the server running?"))
    assert said == "Service Unavailable: /health (connection failed: Connection refused Is the server running?)"


def test_any_other_fault_keeps_its_trace() -> None:
    assert "Traceback" in logged(ZeroDivisionError("by zero"))
