"""The ASGI application: pages over HTTP, conversations over WebSocket."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webchat.settings")

from django.core.asgi import get_asgi_application  # noqa: E402

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from webchat.accounts.sockets import SameOriginSocket, SocketUser  # noqa: E402
from webchat.chat.sockets import socket_urls  # noqa: E402
from webchat.documents.room import EnoughRoom  # noqa: E402

application = ProtocolTypeRouter(
    {"http": EnoughRoom(http), "websocket": SameOriginSocket(SocketUser(URLRouter(socket_urls)))}
)
