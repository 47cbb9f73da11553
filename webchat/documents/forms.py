"""Forms of the documents pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser

from webchat.accounts.models import User
from webchat.documents import naming
from webchat.documents.kinds import KINDS, suffixes_of
from webchat.documents.models import Collection, Cutting
from webchat.documents.scope import Wish

TAKEN = "taken"


class CollectionForm(forms.ModelForm):
    """A collection's name, which each person gives once."""

    class Meta:
        model = Collection
        fields = ["name"]
        error_messages = {
            "name": {"required": "A collection needs a name.", "max_length": "A name has at most 120 characters."}
        }

    def __init__(self, *args: Any, owner: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert isinstance(owner, User)  # nobody else gets past the middleware
        self.instance.owner = owner

    def clean_name(self) -> str:
        name = naming.plain_title(self.cleaned_data["name"], limit=120)
        if not name:
            raise forms.ValidationError("A collection needs a name.")
        others = Collection.objects.filter(owner=self.instance.owner, name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(f"You already have a collection named “{name}”.", code=TAKEN)
        return name

    @property
    def is_taken(self) -> bool:
        return self.has_error("name", TAKEN)

    @property
    def sentence(self) -> str:
        """The first thing that is wrong."""
        return next(str(message) for messages in self.errors.values() for message in messages)


class FilterForm(forms.Form):
    """Which files a search looks into."""

    name = forms.CharField(required=False, max_length=300)
    folder = forms.CharField(required=False, max_length=300)
    kind = forms.MultipleChoiceField(required=False, choices=[(kind, label) for kind, (label, _) in KINDS.items()])
    since = forms.DateField(required=False, error_messages={"invalid": "“Since” is no date."})
    until = forms.DateField(required=False, error_messages={"invalid": "“Until” is no date."})

    def clean(self) -> dict[str, Any]:
        super().clean()
        fields = self.cleaned_data
        since, until = fields.get("since"), fields.get("until")
        if since and until and since > until:
            raise forms.ValidationError("“Since” is later than “until”, so no file can be between them.")
        return fields

    def wish(self, collections: frozenset[int], documents: frozenset[int]) -> Wish:
        """Of a valid form."""
        fields = self.cleaned_data
        return Wish(
            collections=collections,
            documents=documents,
            name=fields["name"],
            folder=fields["folder"],
            suffixes=suffixes_of(fields["kind"]),
            since=fields["since"],
            until=fields["until"],
        )

    @property
    def sentence(self) -> str:
        """The first thing that is wrong. Empty when nothing is."""
        return next((str(message) for messages in self.errors.values() for message in messages), "")

    @property
    def active_count(self) -> int:
        """How many of the filters are set."""
        return sum(bool(self.data.get(name)) for name in self.fields)


class CuttingForm(forms.Form):
    """How long passages are at most."""

    max_tokens = forms.TypedChoiceField(
        choices=sorted(Cutting.LENGTHS.items()), coerce=int, widget=forms.RadioSelect, label="Length of passages"
    )


class EmbeddingForm(forms.Form):
    """Which of the installed embedding models the documents are found by."""

    model = forms.ChoiceField(label="Embedding model")

    def __init__(self, *args: Any, choices: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].choices = [(name, name) for name in choices]
