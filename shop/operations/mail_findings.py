"""Checks the mail server: whether it answers, and offers encryption for the password. Sends no e-mail and no login."""

from __future__ import annotations

import contextlib
import ssl

from aiosmtplib import SMTP, SMTPException

from shop.checkout.mail.smtp import MailServer, read_smtp_url
from shop.errors import ConfigurationError
from shop.operations.findings import Finding, ok, problem

PART = "SMTP_URL"
ANSWER_SECONDS = 2.0


async def check_mail_server(url: str) -> list[Finding]:
    """Connect and send EHLO; a wrong URL is a finding too."""
    try:
        server = read_smtp_url(url)
    except ConfigurationError as error:
        return [problem(PART, "settings", str(error))]
    context = ssl.create_default_context()
    if server.is_local:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.encrypted,
        start_tls=False,
        tls_context=context,
        timeout=ANSWER_SECONDS,
    )
    try:
        await client.connect()
        await client.ehlo()
        return [_greeted(client, server)]
    except (SMTPException, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        advice = "Correct the host and port; use smtps:// for a server that starts with TLS, such as on port 465."
        return [
            problem(PART, "answer", f"{server.host}:{server.port} does not answer as a mail server: {reason}", advice)
        ]
    finally:
        with contextlib.suppress(SMTPException, OSError):
            await client.quit()
        client.close()


def _greeted(client: SMTP, server: MailServer) -> Finding:
    encrypted = server.encrypted or client.supports_extension("starttls")
    if server.user and not encrypted and not server.is_local:
        says = f"{server.host}:{server.port} offers no encryption, so the shop will not send it the password."
        return problem(PART, "encryption", says, "Use a port with encryption: 587, or smtps:// on 465.")
    how = "encrypted" if encrypted else "not encrypted"
    return ok(PART, "answer", f"{server.host}:{server.port} answers, {how}.")
