"""The session of an operator: a signed time, in a cookie of its own. It is short, and ends with the password."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable

from shop.errors import NotFound
from shop.i18n import ENGLISH, speak
from shop.web.http.reply import NO_STORE, Header, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.operations.views import SignInView
from shop.web.render.templating.templates import Templates

PATH = "/operations"
OPERATOR = "operator"
"""Who did something on these pages, in the histories of orders and of stock: all share one password."""
NAME = "neap_operator"
SECONDS = 30 * 60


class OperatorSessions:
    """Makes and reads the cookies. All processes need the same secret; '' generates one."""

    def __init__(
        self, password_hash: str, secret: str = "", *, https: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        key = (secret or secrets.token_hex(32)).encode()
        self._key = hmac.digest(key, b"operator" + password_hash.encode(), "sha256")
        self._https = https
        self._clock = clock

    def is_open(self, request: ShopRequest) -> bool:
        """Whether the request comes from somebody who has signed in, not long ago."""
        until, _, signature = request.cookies.get(self._name(request), "").partition(".")
        if not until.isdigit() or not until.isascii() or len(until) > 12:
            return False
        return hmac.compare_digest(signature.encode(), self._sign(until).encode()) and int(until) > self._clock()

    def begin(self, request: ShopRequest) -> Header:
        """The cookie of a session that lasts from now."""
        until = str(int(self._clock()) + SECONDS)
        return self._cookie(request, f"{until}.{self._sign(until)}", SECONDS)

    def end(self, request: ShopRequest) -> Header:
        """The cookie that ends it."""
        return self._cookie(request, "", 0)

    def _sign(self, until: str) -> str:
        return hmac.digest(self._key, until.encode(), "sha256").hex()

    def _is_secure(self, request: ShopRequest) -> bool:
        return self._https or request.scheme == "https"

    def _name(self, request: ShopRequest) -> str:
        return f"__Host-{NAME}" if self._is_secure(request) else NAME

    def _cookie(self, request: ShopRequest, value: str, seconds: int) -> Header:
        secure = "; Secure" if self._is_secure(request) else ""
        cookie = f"{self._name(request)}={value}; Path=/; Max-Age={seconds}; SameSite=Strict; HttpOnly{secure}"
        return b"set-cookie", cookie.encode("ascii")


class OperatorAccess:
    """Lets only operators see a page. Without OPERATOR_PASSWORD there are no such pages."""

    def __init__(self, templates: Templates, sessions: OperatorSessions, *, is_on: bool) -> None:
        self._templates = templates
        self._sessions = sessions
        self._is_on = is_on

    def require_password(self) -> None:
        """Raise NotFound if no password is set."""
        if not self._is_on:
            raise NotFound("There is no such page.")

    def refusal(self, request: ShopRequest) -> Reply | None:
        """What somebody gets who has not signed in; None for an operator, to whom the shop speaks English."""
        self.require_password()
        speak(ENGLISH)
        if self._sessions.is_open(request):
            return None
        if request.is_htmx or request.method == "POST":
            return go_to(request, PATH)
        return self.form()

    def form(self, *, wrong: bool = False) -> Reply:
        """The form to sign in."""
        page = self._templates.fragments("operations/sign_in.html", SignInView(wrong))
        return html(page, status=422 if wrong else 200, cache=NO_STORE)
