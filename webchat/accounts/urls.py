"""The addresses of settings, and of the door."""

from django.urls import path

from webchat.accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.settings_page, name="settings"),
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("password/", views.change_password, name="password"),
    path("keys/", views.make_key, name="make_key"),
    path("keys/<int:pk>/revoke/", views.revoke_key, name="revoke_key"),
]
