"""Prompt templates as GPT4All wrote them before it knew Jinja: `%1` is the question, `%2` the answer. Pure.

"### Human:\\n%1\\n\\n### Assistant:\\n%2\\n" is one turn; without %2 the answer follows at the end. They know no system
message: there it was a text of its own before everything else, which had its control tokens written in.
"""

from __future__ import annotations

from inference.errors import TemplateError

QUESTION, ANSWER = "%1", "%2"


def is_legacy(source: str) -> bool:
    """Whether this is no Jinja, and names the question in the old way."""
    return QUESTION in source and "{{" not in source and "{%" not in source


def from_legacy(source: str) -> str:
    """The same template in Jinja. Raises TemplateError where nobody can tell what it means."""
    if source.count(QUESTION) != 1 or source.count(ANSWER) > 1:
        raise TemplateError(
            "A template of GPT4All's old kind names %1, the question, once, and %2, the answer, at most once."
        )
    before, rest = source.split(QUESTION)
    if ANSWER in before:
        raise TemplateError("In a template of GPT4All's old kind %1, the question, stands before %2, the answer.")
    between, _, after = rest.partition(ANSWER)
    return (
        "{% for message in messages %}"
        "{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}"
        f"{{% elif message['role'] == 'user' %}}{{{{ {_quoted(before)} + message['content'] + {_quoted(between)} }}}}"
        f"{{% else %}}{{{{ message['content'] + {_quoted(after or _gap(source))} }}}}"
        "{% endif %}{% endfor %}"
    )


def _gap(source: str) -> str:
    """What keeps an answer apart from the next question, where the template does not say."""
    return "" if source.endswith(ANSWER) else "\n"


def _quoted(text: str) -> str:
    """A literal that Jinja reads as this text."""
    return "'" + text.encode("unicode_escape").decode("ascii").replace("'", "\\x27") + "'"
