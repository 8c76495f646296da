"""E-mail addresses: one normal form, which is stored, compared and shown. Only what our sender can write is accepted.

The library email-validator checks the syntax (RFC 5321) and the domain (IDNA 2008, in which straße.de and strasse.de
are two domains). Nothing is looked up: an address may be that of nobody.
"""

from __future__ import annotations

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from shop.errors import InvalidInput
from shop.i18n import noted
from shop.typed import is_one_edit, one_form

MAX_LENGTH = 254
"""Characters: a path of RFC 5321 (4.5.3.1.3) has at most 256, two of which are its brackets."""
KNOWN_DOMAINS = frozenset({
    "aol.com", "email.com", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de",
    "gmx.net", "googlemail.com", "hotmail.be", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.es",
    "hotmail.fr", "hotmail.it", "hotmail.nl", "icloud.com", "laposte.net", "libero.it", "live.co.uk",
    "live.com", "live.de", "live.fr", "live.nl", "mac.com", "mail.com", "mail.de", "mail.ru", "me.com",
    "msn.com", "orange.fr", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "outlook.it", "posteo.de",
    "proton.me", "protonmail.com", "qq.com", "rocketmail.com", "sfr.fr", "t-online.de", "wanadoo.fr", "web.de",
    "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.es", "yahoo.fr",
    "yahoo.it", "yandex.ru", "ymail.com", "zoho.com",
})  # fmt: skip
"""Domains at which very many people have their mailbox."""
MISTYPED_FOR = (
    "gmail.com", "googlemail.com", "hotmail.com", "icloud.com", "outlook.com", "protonmail.com", "t-online.de",
    "yahoo.com", "yahoo.co.uk", "hotmail.co.uk", "hotmail.de", "hotmail.fr", "outlook.de", "rocketmail.com",
    "laposte.net", "freenet.de",
)  # fmt: skip
"""Those whose neighbours are far more often a mistake than a domain of somebody's own."""
_SHAPE = noted("An e-mail address looks like name@example.com.")
_REFUSED = noted("This is not an e-mail address that we can write to. Please check it.")


def read_email(text: str) -> str:
    """The normal form of a typed address: 'Kim@BÜCHER.example' -> 'Kim@bücher.example'.

    Raises InvalidInput for field 'email'. The part before the @ keeps its case, which its server may distinguish.
    """
    address = one_form(text)
    if not address:
        raise InvalidInput("Please enter your e-mail address.", field="email")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise InvalidInput(_SHAPE, field="email")
    try:
        if len(address) <= MAX_LENGTH:
            return _validated(address).normalized
    except EmailNotValidError as error:
        raise InvalidInput(_REFUSED, field="email") from error
    raise InvalidInput(_REFUSED, field="email")


def ascii_address(address: str) -> str:
    """The address for SMTP: an internationalised domain in its ASCII form (IDNA 2008). Raises ValueError for others."""
    ascii_email = _validated(address).ascii_email
    assert ascii_email is not None, "the part before the @ is ASCII"
    return ascii_email


def mailbox(address: str) -> str:
    """What two spellings of an address have in common, for comparing: normal form and letter case. Never raises."""
    try:
        return read_email(address).lower()  # casefold() would make straße.de of another owner's strasse.de
    except InvalidInput:
        return address.strip().lower()


def suggested_email(address: str) -> str:
    """The address that may be meant: 'kim@gmail.com' for 'kim@gmial.com'; '' if nothing seems mistyped."""
    local, _, domain = address.rpartition("@")
    meant = "" if domain in KNOWN_DOMAINS else next((each for each in MISTYPED_FOR if is_one_edit(domain, each)), "")
    return f"{local}@{meant}" if meant else ""


def _validated(address: str) -> ValidatedEmail:
    """Raises EmailNotValidError, which is a ValueError."""
    return validate_email(address, strict=True, check_deliverability=False, allow_smtputf8=False)
