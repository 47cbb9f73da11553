"""The addresses of the models page."""

from django.urls import path

from webchat.library import views

app_name = "library"
urlpatterns = [
    path("", views.models_page, name="list"),
    path("states/", views.states, name="states"),
    path("add/path/", views.add_from_path, name="add_path"),
    path("add/upload/", views.add_from_upload, name="add_upload"),
    path("<int:pk>/load/", views.load, name="load"),
    path("<int:pk>/unload/", views.unload, name="unload"),
    path("<int:pk>/default/", views.make_default, name="make_default"),
    path("<int:pk>/settings/", views.change_settings, name="settings"),
    path("<int:pk>/template/", views.change_template, name="template"),
    path("adapters/<int:pk>/remove/", views.remove_adapter, name="remove_adapter"),
    path("<int:pk>/remove/", views.remove, name="remove"),
]
