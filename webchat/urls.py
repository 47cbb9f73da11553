"""Where everything is."""

from django.contrib import admin
from django.urls import include, path

from webchat.api.routes import api, openai_api
from webchat.health import health
from webchat.library.measures import metrics

urlpatterns = [
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("", include("webchat.chat.urls")),
    path("documents/", include("webchat.documents.urls")),
    path("models/", include("webchat.library.urls")),
    path("account/", include("webchat.accounts.urls")),
    path("admin/", admin.site.urls),
    path("v1/", openai_api.urls),
    path("api/", api.urls),
]

handler400 = "webchat.accounts.refusals.bad_request"
handler403 = "webchat.accounts.refusals.forbidden"
handler404 = "webchat.accounts.refusals.not_found"
handler500 = "webchat.faults.server_error"
