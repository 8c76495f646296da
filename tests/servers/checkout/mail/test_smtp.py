"""E-mails are delivered to a mail server, or an error says why not."""

from __future__ import annotations

import re
import socket
import ssl

import pytest

from shop.checkout.mail import smtp
from shop.checkout.mail.outbox import Email
from shop.checkout.mail.smtp import SmtpSender, merchant_address, read_smtp_url, sender_of
from shop.errors import ConfigurationError, EmailRefused, EmailUnavailable
from shop.settings import Settings
from tests.fixtures.mail_server import mail_server
from tests.fixtures.silent_server import silent_server
from tests.fixtures.tls import Certificates

FROM = "Neap <orders@neap.example>"
EMAIL = Email(
    id="placed:K3F90QZX7M2TVB8D",
    recipient="kim@example.org",
    subject="Your order, and thank you for choosing the Crème Tide Mug",
    plain="Crème Tide Mug: €19.00\n.\nA line that begins with a dot is no end.\n",
    html="<p>Crème Tide Mug: €19.00</p>",
)


def to(recipient: str = EMAIL.recipient, subject: str = EMAIL.subject) -> Email:
    return Email(id=EMAIL.id, recipient=recipient, subject=subject, plain=EMAIL.plain, html=EMAIL.html)


@pytest.fixture
def server_tls(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates.server)
    return context


@pytest.fixture
def trusting(certificates: Certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificates.ca)


async def test_an_email_arrives_as_it_was_written() -> None:
    async with mail_server() as server:
        await SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM).send(EMAIL)
    (received,) = server.received
    assert (received.sender, received.recipients) == ("orders@neap.example", ["kim@example.org"])
    assert received.message["From"] == FROM
    assert received.message["To"] == "kim@example.org"
    assert received.message["Subject"] == EMAIL.subject
    assert received.message["Auto-Submitted"] == "auto-generated"
    assert received.part("plain") == EMAIL.plain
    assert received.part("html").strip() == EMAIL.html


async def test_an_email_sent_twice_has_one_message_id_that_does_not_open_the_order() -> None:
    async with mail_server() as server:
        sender = SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM)
        await sender.send(EMAIL)
        await sender.send(EMAIL)
    first, second = (received.message["Message-ID"] for received in server.received)
    assert first == second
    assert re.fullmatch(r"<[0-9a-f]{32}@neap\.example>", first)
    assert "K3F9" not in "".join(f"{name}{value}" for name, value in server.received[0].message.items())


async def test_a_failed_quit_does_not_fail_the_delivery() -> None:
    async with mail_server() as server:
        server.parts_badly = True
        await SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM).send(EMAIL)
    assert len(server.received) == 1


async def test_an_internationalised_domain_travels_in_ascii() -> None:
    async with mail_server() as server:
        await SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM).send(to("kim@bücher.example"))
    assert server.received[0].recipients == ["kim@xn--bcher-kva.example"]
    assert server.received[0].message["To"] == "kim@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("to_recipients", "to_data", "error", "words"),
    [
        ("550 No such user here", "", EmailRefused, "refused the recipient: 550 No such user here"),
        ("450 Come back later", "", EmailUnavailable, "450 Come back later"),
        ("", "554 This looks like spam", EmailRefused, "refused the e-mail: 554 This looks like spam"),
        ("", "452 Disk full", EmailUnavailable, "452 Disk full"),
        ("550-No\r\n550 " + "x" * 300, "", EmailRefused, "550 No xxx"),
    ],
)
async def test_permanent_and_temporary_refusals_differ(
    to_recipients: str, to_data: str, error: type[Exception], words: str
) -> None:
    async with mail_server() as server:
        server.to_recipients, server.to_data = to_recipients, to_data
        with pytest.raises(error, match=re.escape(words)) as refused:
            await SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM).send(EMAIL)
    assert "\n" not in str(refused.value)
    assert server.received == []


async def test_an_unreachable_server_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(EmailUnavailable, match="did not take the e-mail"):
        await SmtpSender(f"smtp://127.0.0.1:{port}", FROM).send(EMAIL)


@pytest.mark.parametrize("limit", ["CONNECT_SECONDS", "SENDING_SECONDS"])
async def test_a_silent_server_times_out(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(smtp, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(smtp, limit, 0.05)
    async with silent_server() as hung:
        while not hung.connections:  # on a busy machine the time may be over before it is even called
            with pytest.raises(EmailUnavailable, match=r"TimeoutError|[Tt]imed out"):
                await SmtpSender(f"smtp://127.0.0.1:{hung.port}", FROM).send(EMAIL)


async def test_a_server_that_falls_silent_during_delivery_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "COMMAND_SECONDS", 0.2)
    async with mail_server() as server:
        server.hangs = True
        while not server.received:
            with pytest.raises(EmailUnavailable, match="Timed out"):
                await SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM).send(EMAIL)


async def test_starttls_is_used_where_it_is_offered(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with mail_server(tls=server_tls) as server:
        await SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM, trusting).send(EMAIL)
    assert server.received[0].encrypted


async def test_smtps_is_encrypted_from_the_start(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with mail_server(tls=server_tls, smtps=True) as server:
        await SmtpSender(f"smtps://127.0.0.1:{server.port}", FROM, trusting).send(EMAIL)
    assert len(server.received) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_certificate_of_another_authority_is_refused(scheme: str, server_tls: ssl.SSLContext) -> None:
    async with mail_server(tls=server_tls, smtps=scheme == "smtps") as server:
        strict = ssl.create_default_context()
        with pytest.raises(EmailUnavailable, match="certificate verify failed"):
            await SmtpSender(f"{scheme}://127.0.0.1:{server.port}", FROM, strict).send(EMAIL)
    assert server.received == []


async def test_the_certificate_of_a_server_on_this_machine_is_not_verified(server_tls: ssl.SSLContext) -> None:
    async with mail_server(tls=server_tls) as server:
        await SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM).send(EMAIL)
    assert server.received[0].encrypted


async def test_it_logs_in(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with mail_server(tls=server_tls, login=True) as server:
        await SmtpSender(f"smtp://shop:p%40ss%20word@127.0.0.1:{server.port}", FROM, trusting).send(EMAIL)
    assert (server.received[0].user, server.received[0].encrypted) == ("shop", True)


async def test_a_wrong_password_is_reported_and_not_shown(server_tls: ssl.SSLContext) -> None:
    async with mail_server(tls=server_tls, login=True) as server:
        with pytest.raises(EmailUnavailable, match="refused the user or the password of SMTP_URL") as refused:
            await SmtpSender(f"smtp://shop:secret@127.0.0.1:{server.port}", FROM).send(EMAIL)
    assert server.logins
    assert "secret" not in str(refused.value)


async def test_a_password_never_goes_over_the_network_in_the_clear() -> None:
    async with mail_server(login=True) as server:
        # An address that leads here and is not known to: for all the shop can tell, it is another machine's.
        elsewhere = SmtpSender(f"smtp://shop:p%40ss%20word@0.0.0.0:{server.port}", FROM)
        with pytest.raises(EmailUnavailable, match="STARTTLS"):
            await elsewhere.send(EMAIL)
        assert server.logins == 0
        await SmtpSender(f"smtp://shop:p%40ss%20word@127.0.0.1:{server.port}", FROM).send(EMAIL)
        assert server.logins == 1


@pytest.mark.parametrize(
    "email",
    [
        to(recipient="kim@example.org\r\nBcc: all@example.org"),
        to(recipient="kim@example.org, all@example.org"),
        to(recipient="kim@example.org> RCPT TO:<all@example.org"),
        to(subject="Your order\r\nBcc: all@example.org"),
        to(subject="Your order\nBcc: all@example.org"),
    ],
)
async def test_no_header_and_no_recipient_can_be_smuggled_in(email: Email) -> None:
    async with mail_server() as server:
        with pytest.raises(EmailRefused):
            await SmtpSender(f"smtp://127.0.0.1:{server.port}", FROM).send(email)
    assert server.received == []


@pytest.mark.parametrize(
    ("url", "host", "port", "encrypted"),
    [
        ("smtp://localhost", "localhost", 25, False),
        ("smtp://mail.example:1025/", "mail.example", 1025, False),
        ("smtp://user:secret@mail.example", "mail.example", 587, False),
        ("smtps://user:secret@mail.example", "mail.example", 465, True),
        ("smtp://[::1]:2525", "::1", 2525, False),
    ],
)
def test_a_url_names_the_server(url: str, host: str, port: int, encrypted: bool) -> None:
    server = read_smtp_url(url)
    assert (server.host, server.port, server.encrypted) == (host, port, encrypted)
    assert "secret" not in f"{server!r} {server}"


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://user:secret@mail.example",
        "smtp://",
        "smtp://user:secret@mail.example:port",
        "smtp://user:secret@mail.example:70000",
        "smtp://:secret@mail.example",
        "smtp://user:secret@mail.example/inbox",
        "smtp://user:secret@mail.example?tls=no",
        "smtp://user:secret@[mail.example",
    ],
)
def test_an_invalid_url_is_reported_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SMTP_URL") as wrong:
        SmtpSender(url, FROM)
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize(
    "sender",
    ["", "Neap", "Neap <orders>", "Neap <orders@neap.example", "A <a@b.example> B", "a@b.example\nBcc: c@d.example"],
)
def test_an_invalid_sender_is_reported(sender: str) -> None:
    with pytest.raises(ConfigurationError, match="MAIL_FROM"):
        SmtpSender("smtp://localhost", sender)


@pytest.mark.parametrize(
    "sender", ["orders@neap.example", '"Neap, the shop" <orders@neap.example>', "Näap <orders@neap.example>"]
)
async def test_a_sender_may_have_a_name(sender: str) -> None:
    async with mail_server() as server:
        await SmtpSender(f"smtp://127.0.0.1:{server.port}", sender).send(EMAIL)
    assert server.received[0].message["From"] == sender


def test_the_merchants_address_is_one() -> None:
    assert merchant_address(Settings()) == ""
    assert merchant_address(Settings(orders_to="owner@shop.example")) == "owner@shop.example"
    with pytest.raises(ConfigurationError, match="ORDERS_TO"):
        merchant_address(Settings(orders_to="the owner"))


def test_without_a_url_there_is_no_sender() -> None:
    assert sender_of(Settings()) is None
    assert isinstance(sender_of(Settings(smtp_url="smtp://localhost")), SmtpSender)
