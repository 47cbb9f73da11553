"""People and keys in Django's admin."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from webchat.accounts.forms import PatientAdminLogin
from webchat.accounts.models import ApiKey, User

admin.site.login_form = PatientAdminLogin
admin.site.site_header = "Inglenook"
admin.site.site_title = "Inglenook"
admin.site.index_title = "Everything that is stored"

admin.site.register(User, UserAdmin)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Keys can be looked over and revoked. They are made in the settings, where the secret can be shown."""

    list_display = ["name", "user", "hint", "created", "last_used"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["user", "name", "hint", "created", "last_used"]
    readonly_fields = ["user", "name", "hint", "created", "last_used"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
