"""The two halves of a document's name: the folder it lay in, and its file name."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def folder(name: str) -> str:
    """With its slash at the end; empty for a file that lay in none."""
    head, slash, _ = name.rpartition("/")
    return head + slash


@register.filter
def file_name(name: str) -> str:
    return name.rpartition("/")[2]
