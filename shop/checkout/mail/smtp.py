"""Sends e-mails by SMTP, with explicit timeouts."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as INTERNET
from email.utils import format_datetime
from hashlib import blake2b
from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec
from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPDataError, SMTPException, SMTPRecipientsRefused

from shop.checkout.mail.address import ascii_address, read_email
from shop.checkout.mail.outbox import Email, EmailSender
from shop.errors import ConfigurationError, EmailRefused, EmailUnavailable, InvalidInput
from shop.settings import Settings

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
"""Timeout of each reply of the server; one that scans e-mails before accepting them needs some time."""
SENDING_SECONDS = 120.0
"""Timeout of a whole delivery; less than the outbox's claim of an e-mail."""
MAX_MESSAGE = 500

_SENDER = re.compile(r'"?(?P<name>[^"<>\r\n]*?)"?\s*<(?P<address>[^<>]+)>')
_URL_HELP = "Write smtp://user:password@host:587 or smtps://user:password@host; special characters as %40."


def sender_of(settings: Settings) -> EmailSender | None:
    """The sender of SMTP_URL; None if it is empty: e-mails stay in the outbox. Raises ConfigurationError."""
    return SmtpSender(settings.smtp_url, settings.mail_from) if settings.smtp_url else None


def merchant_address(settings: Settings) -> str:
    """The address of ORDERS_TO, '' for none. Raises ConfigurationError."""
    try:
        return read_email(settings.orders_to) if settings.orders_to else ""
    except InvalidInput as error:
        raise ConfigurationError("ORDERS_TO is not understood. Write an e-mail address.") from error


class MailServer(msgspec.Struct, frozen=True):
    """The mail server of an SMTP URL."""

    host: str
    port: int
    user: str
    password: str
    encrypted: bool
    """Whether TLS is used from the first byte (smtps); otherwise STARTTLS, if the server offers it."""

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("host", self.host), ("port", self.port)]

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine: its certificate is not verified then."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


class SmtpSender:
    """An EmailSender that delivers each e-mail to the server of a URL, over a new connection.

    A password is sent only over an encrypted connection, or to this machine. Certificates are verified with the
    system's authorities (or those of SSL_CERT_FILE). Raises ConfigurationError for an invalid URL or sender.
    """

    def __init__(self, url: str, mail_from: str, tls: ssl.SSLContext | None = None) -> None:
        self._server = read_smtp_url(url)
        self._from = _read_sender(mail_from)
        self._tls = tls

    async def send(self, email: Email) -> None:
        """See EmailSender."""
        message = mime_message(email, self._from)
        try:
            async with asyncio.timeout(SENDING_SECONDS):
                await self._deliver(message, ascii_address(email.recipient))
        except (SMTPException, OSError) as error:
            _raise_for(error)

    async def _deliver(self, message: EmailMessage, recipient: str) -> None:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            local_hostname=socket.gethostname(),
            timeout=COMMAND_SECONDS,
            use_tls=server.encrypted,
            start_tls=_start_tls(server),
            tls_context=self._context(),
        )
        try:
            await client.connect(timeout=CONNECT_SECONDS)
            await client.send_message(message, sender=self._from.addr_spec, recipients=[recipient])
            with contextlib.suppress(SMTPException, OSError):
                await client.quit()  # the e-mail is sent; a failed QUIT does not matter
        finally:
            client.close()

    def _context(self) -> ssl.SSLContext:
        """The TLS context, created once: reading the system's authorities takes 50 ms."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if self._server.is_local:
                self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        return self._tls


def mime_message(email: Email, sender: Address) -> EmailMessage:
    """The MIME message of an e-mail. Raises EmailRefused for one that no server could accept.

    Its Message-ID is stable, so that a mailbox can drop duplicates. It reveals nothing of the order, because mail
    servers log it.
    """
    message = EmailMessage(policy=INTERNET)
    try:
        message["From"] = sender
        message["To"] = Address(addr_spec=ascii_address(email.recipient))
        message["Subject"] = email.subject
    except (ValueError, MessageError) as error:
        raise EmailRefused("This e-mail's address or subject cannot be put into a header.") from error
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{blake2b(email.id.encode(), digest_size=16).hexdigest()}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: suppresses automatic replies
    message.set_content(email.plain)
    message.add_alternative(email.html, subtype="html")
    return message


def read_smtp_url(url: str) -> MailServer:
    """The server of SMTP_URL. Raises ConfigurationError with a message that does not contain the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"SMTP_URL is not understood. {_URL_HELP}") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or _has_path(parts):
        raise ConfigurationError(f"SMTP_URL is not understood. {_URL_HELP}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and not user:
        raise ConfigurationError(f"SMTP_URL has a password and no user. {_URL_HELP}")
    default_port = 465 if parts.scheme == "smtps" else 587 if user else 25
    return MailServer(parts.hostname, port or default_port, user, password, parts.scheme == "smtps")


def _has_path(parts: SplitResult) -> bool:
    return parts.path not in ("", "/") or bool(parts.query or parts.fragment)


def _read_sender(mail_from: str) -> Address:
    parts = _SENDER.fullmatch(mail_from.strip())
    try:
        name, address = (parts["name"] or "", parts["address"]) if parts else ("", mail_from)
        return Address(display_name=name, addr_spec=ascii_address(read_email(address)))
    except (InvalidInput, ValueError, MessageError) as error:
        raise ConfigurationError("MAIL_FROM is not understood. Write Name <name@example.com>.") from error


def _start_tls(server: MailServer) -> bool | None:
    """Whether STARTTLS is required; None: used if the server offers it."""
    if server.encrypted:
        return False
    return True if server.user and not server.is_local else None


def _raise_for(error: Exception) -> NoReturn:
    """Raise EmailRefused for a permanent failure, else EmailUnavailable."""
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
        if error.code >= 500:
            raise EmailRefused(_message("refused the recipient", error)) from error
    if isinstance(error, SMTPDataError) and error.code >= 500:
        raise EmailRefused(_message("refused the e-mail", error)) from error
    if isinstance(error, SMTPAuthenticationError):
        raise EmailUnavailable(_message("refused the user or the password of SMTP_URL", error)) from error
    raise EmailUnavailable(_message("did not take the e-mail", error)) from error


def _message(failure: str, error: Exception) -> str:
    answer = " ".join(str(part) for part in error.args[:2]) or type(error).__name__
    return f"The mail server {failure}: {' '.join(answer.split())}"[:MAX_MESSAGE]
