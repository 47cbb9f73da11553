"""The ASGI application: pages over HTTP, conversations over WebSocket."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webchat.settings")

from django.core.asgi import get_asgi_application  # noqa: E402

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from webchat.accounts.sockets import SameOriginSocket, SocketUser, no_such_socket  # noqa: E402
from webchat.chat.sockets import socket_urls  # noqa: E402
from webchat.documents.room import EnoughRoom  # noqa: E402

sockets = URLRouter([*socket_urls, re_path("", no_such_socket)])  # type: ignore[arg-type]  # no view, an application
application = ProtocolTypeRouter({"http": EnoughRoom(http), "websocket": SameOriginSocket(SocketUser(sockets))})
