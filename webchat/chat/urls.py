"""The addresses of conversations."""

from django.urls import path

from webchat.chat import rows, views

app_name = "chat"
urlpatterns = [
    path("", views.home, name="home"),
    path("c/<int:pk>/", views.conversation, name="conversation"),
    path("c/<int:pk>/model/", views.model, name="model"),
    path("c/<int:pk>/collections/", views.collections, name="collections"),
    path("c/<int:conversation_pk>/sources/<int:pk>/", views.citation, name="citation"),
    path("c/<int:pk>/row/", rows.row, name="row"),
    path("c/<int:pk>/rename/", rows.rename, name="rename"),
    path("c/<int:pk>/delete/", rows.delete, name="delete"),
    path("c/<int:pk>/undelete/", rows.undelete, name="undelete"),
]
