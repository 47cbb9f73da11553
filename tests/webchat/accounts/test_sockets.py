"""Who may open a WebSocket, and for how long."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.testing import WebsocketCommunicator
from django.conf import settings as django_settings
from django.test import Client

from webchat import asgi
from webchat.accounts import sockets
from webchat.accounts.models import User
from webchat.accounts.sockets import SameOriginSocket, SocketUser

pytestmark = pytest.mark.django_db(transaction=True)
OWN = {"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"}


class Greeter(AsyncWebsocketConsumer):
    """Says who is there, and says it again on each message."""

    async def connect(self) -> None:
        await self.accept()
        await self.send(self.scope["user"].username)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.send(f"{self.scope['user'].username}: {text_data}")


def open_socket(consumer: type[AsyncWebsocketConsumer] = Greeter, **headers: str) -> WebsocketCommunicator:
    application = SameOriginSocket(SocketUser(consumer.as_asgi()))
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return WebsocketCommunicator(application, "/", headers=pairs)


async def is_let_in(**headers: str) -> bool:
    socket = open_socket(**headers)
    connected, code = await socket.connect()
    await socket.disconnect()
    assert connected or code == 4403
    return connected


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"{django_settings.SESSION_COOKIE_NAME}={client.cookies[django_settings.SESSION_COOKIE_NAME].value}"


async def test_the_owner_is_let_in() -> None:
    socket = open_socket(**OWN)
    await socket.connect()

    assert await socket.receive_from() == "owner"
    await socket.disconnect()


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.test",
        "null",
        "",
        "http://127.0.0.1:9999",
        "https://127.0.0.1:8000",
        "http://127.0.0.1:8000.evil.test",
    ],
)
async def test_row_12_a_foreign_page_is_refused_before_accept(origin: str) -> None:
    assert not await is_let_in(host=OWN["host"], origin=origin)


async def test_row_12_a_handshake_without_origin_is_refused() -> None:
    assert not await is_let_in(host=OWN["host"])


async def test_row_12_a_valid_cookie_does_not_help_a_foreign_page(accounts_mode: None, alice: User) -> None:
    cookie = await sync_to_async(cookie_of)(alice)

    assert await is_let_in(**OWN, cookie=cookie)
    assert not await is_let_in(host=OWN["host"], origin="http://evil.test", cookie=cookie)


async def test_row_11_a_rebound_name_is_refused() -> None:
    assert not await is_let_in(host="evil.test", origin="http://evil.test")


async def test_two_origins_are_none() -> None:
    application = SameOriginSocket(SocketUser(Greeter.as_asgi()))
    headers = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1"), (b"origin", b"http://evil.test")]
    connected, _ = await WebsocketCommunicator(application, "/", headers=headers).connect()

    assert not connected


async def test_nobody_is_refused_where_everyone_logs_in(accounts_mode: None) -> None:
    assert not await is_let_in(**OWN)


async def test_whoever_comes_through_a_proxy_logs_in() -> None:
    assert not await is_let_in(**OWN, **{"x-forwarded-for": "203.0.113.7"})


async def test_row_22_a_deactivated_person_is_refused(accounts_mode: None, alice: User) -> None:
    cookie = await sync_to_async(cookie_of)(alice)
    await User.objects.filter(pk=alice.pk).aupdate(is_active=False)

    assert not await is_let_in(**OWN, cookie=cookie)


async def test_row_22_an_open_socket_closes_when_its_person_is_deactivated(accounts_mode: None, alice: User) -> None:
    socket = open_socket(**OWN, cookie=await sync_to_async(cookie_of)(alice))
    await socket.connect()
    assert await socket.receive_from() == "alice"
    await User.objects.filter(pk=alice.pk).aupdate(is_active=False)

    await socket.send_to("are you there?")

    assert (await socket.receive_output())["type"] == "websocket.close"


class Ticker(AsyncWebsocketConsumer):
    """Says something again and again, unasked."""

    async def connect(self) -> None:
        await self.accept()
        self.ticking = asyncio.create_task(self.tick())

    async def tick(self) -> None:
        while True:
            await self.send("tick")
            await asyncio.sleep(0.01)

    async def disconnect(self, code: int) -> None:
        self.ticking.cancel()


async def test_row_22_an_answer_on_its_way_stops_when_its_person_is_deactivated(
    accounts_mode: None, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "RECHECK_S", 0.0)
    socket = open_socket(Ticker, **OWN, cookie=await sync_to_async(cookie_of)(alice))
    await socket.connect()
    assert await socket.receive_from() == "tick"

    await User.objects.filter(pk=alice.pk).aupdate(is_active=False)
    while (event := await socket.receive_output())["type"] == "websocket.send":
        pass

    assert event == {"type": "websocket.close", "code": 4403}
    await socket.disconnect()


async def test_logging_out_closes_the_socket(accounts_mode: None, alice: User) -> None:
    client = Client(headers={"host": "127.0.0.1"})
    await sync_to_async(client.force_login)(alice)
    cookie = f"{django_settings.SESSION_COOKIE_NAME}={client.cookies[django_settings.SESSION_COOKIE_NAME].value}"
    socket = open_socket(**OWN, cookie=cookie)
    await socket.connect()
    await socket.receive_from()
    await sync_to_async(client.logout)()

    await socket.send_to("still me")

    assert (await socket.receive_output())["type"] == "websocket.close"


async def test_row_43_each_socket_has_its_own_person(accounts_mode: None) -> None:
    people = [await User.objects.acreate(username=f"person{number}", password="!") for number in range(50)]
    open_sockets = [open_socket(**OWN, cookie=await sync_to_async(cookie_of)(person)) for person in people]
    for socket in open_sockets:
        assert (await socket.connect())[0]
    for person, socket in zip(people, open_sockets, strict=True):
        assert await socket.receive_from() == person.username
        await socket.send_to("hello")

    for person, socket in zip(people, open_sockets, strict=True):
        assert await socket.receive_from() == f"{person.username}: hello"
        await socket.disconnect()


async def test_an_address_without_a_socket_is_refused_quietly() -> None:
    headers = [(name.encode(), value.encode()) for name, value in OWN.items()]
    connected, code = await WebsocketCommunicator(asgi.sockets, "/ws/nowhere/", headers=headers).connect()

    assert (connected, code) == (False, 4404)
