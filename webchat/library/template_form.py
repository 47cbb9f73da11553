"""Which template turns conversations into prompts: the model's own, a standard one, or one that a person writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from inference.chat_template import CHATML, SOURCE_LIMIT_CHARS, check_template
from inference.errors import TemplateError
from inference.legacy_template import from_legacy, is_legacy
from webchat.library.models import LanguageModel, TemplateChoice


class TemplateForm(forms.ModelForm):
    """Whatever it lets through has been tried with a conversation."""

    class Meta:
        model = LanguageModel
        fields = ["template_choice", "template_text"]
        labels = {"template_choice": "Template", "template_text": "A template of your own"}
        help_texts = {
            "template_choice": (
                "ChatML suits many chat models whose file brings none. “No template” puts the messages one after "
                "the other and lets the model write on, as base models want it."
            ),
            "template_text": "In Jinja, as model makers publish it; GPT4All's old form with %1 and %2 is converted.",
        }
        widgets = {
            "template_text": forms.Textarea(
                attrs={"rows": 8, "class": "template-source", "spellcheck": "false", "autocapitalize": "off"}
            )
        }

    def __init__(self, data: QueryDict | None = None, *, instance: LanguageModel) -> None:
        super().__init__(data, instance=instance, auto_id=f"id_m{instance.pk}_%s")
        self.was_converted = False
        source = self.fields["template_text"]
        source.max_length, source.strip = SOURCE_LIMIT_CHARS, False  # white space is part of a prompt
        if not instance.template_text:  # something to begin with
            self.initial["template_text"] = instance.chat_template or CHATML

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        choice, source = cleaned.get("template_choice"), cleaned.get("template_text", "")
        if choice != TemplateChoice.CUSTOM:
            cleaned["template_text"] = self.instance.template_text  # what was written once can be gone back to
        try:
            if choice == TemplateChoice.CUSTOM:
                cleaned["template_text"] = self._checked(source.replace("\r\n", "\n"))
            elif choice == TemplateChoice.OWN and self.instance.chat_template:
                check_template(self.instance.chat_template)
        except TemplateError as error:
            self.add_error("template_text" if choice == TemplateChoice.CUSTOM else "template_choice", str(error))
        return cleaned

    def _checked(self, source: str) -> str:
        if not source.strip():
            raise TemplateError("Write a template, or choose another one above.")
        if is_legacy(source):
            source, self.was_converted = from_legacy(source), True
        check_template(source)
        return source
