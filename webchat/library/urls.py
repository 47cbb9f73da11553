from django.urls import path

from webchat.library import views

app_name = "library"
urlpatterns = [
    path("", views.models_page, name="list"),
]
