"""Renders e-mails: as HTML that needs no pictures, and as plain text."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from shop.checkout.mail.outbox import Email
from shop.i18n import gettext as _
from shop.resources import resource_dir


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """The view of an e-mail that is not about an order: a few sentences and one link."""

    language: str
    direction: str
    """'ltr' or 'rtl'."""
    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    action: str
    """The words of the link."""
    url: str


def rendered(email_id: str, recipient: str, template: str, view: msgspec.Struct, subject: str) -> Email:
    """An e-mail of both forms of a template of templates/mail, in the current language."""
    return Email(
        id=email_id,
        recipient=recipient,
        subject=subject,
        plain=_templates().get_template(f"mail/{template}.txt").render(view=view),
        html=_templates().get_template(f"mail/{template}.html").render(view=view),
    )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resource_dir("templates")),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["_"] = _
    return environment
