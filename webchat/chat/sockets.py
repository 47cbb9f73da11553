"""The addresses of sockets."""

from django.urls import path

from webchat.chat.consumers import ChatConsumer

socket_urls = [path("ws/c/<int:pk>/", ChatConsumer.as_asgi())]
