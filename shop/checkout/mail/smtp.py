"""Sends e-mails to a mail server by SMTP. Every time-out is said explicitly."""

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

from shop.checkout.mail.address import on_the_wire, read_email
from shop.checkout.mail.outbox import Email, EmailSender
from shop.errors import ConfigurationError, EmailRefused, EmailUnavailable, InvalidInput
from shop.settings import Settings

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
"""For each answer of the server; one that has an e-mail scanned before it takes it needs some."""
SENDING_SECONDS = 120.0
"""For all of it; less than the time for which an e-mail is left to one process."""
MOST_WORDS = 500

_SENDER = re.compile(r'"?(?P<name>[^"<>\r\n]*?)"?\s*<(?P<address>[^<>]+)>')
_UNDERSTOOD = "Write smtp://user:password@host:587 or smtps://user:password@host; special characters as %40."


def sender_of(settings: Settings) -> EmailSender | None:
    """The sender that SMTP_URL names; None where e-mails stay in the outbox. Raises ConfigurationError."""
    return SmtpSender(settings.smtp_url, settings.mail_from) if settings.smtp_url else None


class MailServer(msgspec.Struct, frozen=True):
    """Where e-mails are handed in."""

    host: str
    port: int
    user: str
    password: str
    encrypted: bool
    """From the first byte (smtps); else by STARTTLS, where the server offers it."""

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("host", self.host), ("port", self.port)]

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine: then nobody is in between, and its certificate is not looked at."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


class SmtpSender:
    """Hands each e-mail to the server of an URL, over a connection of its own.

    A password goes only over an encrypted connection, or to this machine. Certificates are checked against the
    authorities that the system knows (SSL_CERT_FILE names others). Raises ConfigurationError for a wrong URL or sender.
    """

    def __init__(self, url: str, mail_from: str, tls: ssl.SSLContext | None = None) -> None:
        self._server = read_smtp_url(url)
        self._from = _read_sender(mail_from)
        self._tls = tls

    async def send(self, email: Email) -> None:
        """See EmailSender."""
        message = written(email, self._from)
        try:
            async with asyncio.timeout(SENDING_SECONDS):
                await self._hand_in(message, on_the_wire(email.recipient))
        except (SMTPException, OSError) as error:
            _tell(error)

    async def _hand_in(self, message: EmailMessage, recipient: str) -> None:
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
                await client.quit()  # it is sent: how the server parts makes no difference
        finally:
            client.close()

    def _context(self) -> ssl.SSLContext:
        """Made once: to read all authorities of the system takes 50 ms."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if self._server.is_here:
                self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        return self._tls


def written(email: Email, sender: Address) -> EmailMessage:
    """The e-mail as it travels; raises EmailRefused for one that no server could take.

    Its Message-ID is the same each time, so that a mailbox that gets it twice may show it once. It says nothing of
    the order: mail servers write it into their logs.
    """
    message = EmailMessage(policy=INTERNET)
    try:
        message["From"] = sender
        message["To"] = Address(addr_spec=on_the_wire(email.recipient))
        message["Subject"] = email.subject
    except (ValueError, MessageError) as error:
        raise EmailRefused("This e-mail's address or subject cannot be put into a header.") from error
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{blake2b(email.id.encode(), digest_size=16).hexdigest()}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nothing is to answer by itself
    message.set_content(email.plain)
    message.add_alternative(email.html, subtype="html")
    return message


def read_smtp_url(url: str) -> MailServer:
    """The server that SMTP_URL names; raises ConfigurationError, whose words do not hold the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"SMTP_URL is not understood. {_UNDERSTOOD}") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or _has_more(parts):
        raise ConfigurationError(f"SMTP_URL is not understood. {_UNDERSTOOD}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and not user:
        raise ConfigurationError(f"SMTP_URL has a password and no user. {_UNDERSTOOD}")
    usual = 465 if parts.scheme == "smtps" else 587 if user else 25
    return MailServer(parts.hostname, port or usual, user, password, parts.scheme == "smtps")


def _has_more(parts: SplitResult) -> bool:
    return parts.path not in ("", "/") or bool(parts.query or parts.fragment)


def _read_sender(mail_from: str) -> Address:
    parts = _SENDER.fullmatch(mail_from.strip())
    try:
        name, address = (parts["name"] or "", parts["address"]) if parts else ("", mail_from)
        return Address(display_name=name, addr_spec=on_the_wire(read_email(address)))
    except (InvalidInput, ValueError, MessageError) as error:
        raise ConfigurationError("MAIL_FROM is not understood. Write Name <name@example.com>.") from error


def _start_tls(server: MailServer) -> bool | None:
    """Whether to insist on STARTTLS; None: where the server offers it."""
    if server.encrypted:
        return False
    return True if server.user and not server.is_here else None


def _tell(error: Exception) -> NoReturn:
    """Raise what a failure means for the e-mail: refused for good, or to be sent later."""
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
        if error.code >= 500:
            raise EmailRefused(_words("refused the recipient", error)) from error
    if isinstance(error, SMTPDataError) and error.code >= 500:
        raise EmailRefused(_words("refused the e-mail", error)) from error
    if isinstance(error, SMTPAuthenticationError):
        raise EmailUnavailable(_words("refused the user or the password of SMTP_URL", error)) from error
    raise EmailUnavailable(_words("did not take the e-mail", error)) from error


def _words(what: str, error: Exception) -> str:
    said = " ".join(str(part) for part in error.args[:2]) or type(error).__name__
    return f"The mail server {what}: {' '.join(said.split())}"[:MOST_WORDS]
