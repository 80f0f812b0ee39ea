"""How a notice gets to people: a POST to an address, a mail. Each blocks for as long as it takes.

They answer with a code instead of an error: what servers say may quote anything.
"""

import hashlib
import hmac
import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from gateway.config import Notices
from gateway.log import logger
from gateway.notices import Notice, document, words
from gateway.wording import sentence

SIGNATURE: Final = "X-Eessi-Gateway-Signature"
Way = Callable[[Notice, datetime], str]
"""Deliver a notice, at this time; empty when it was taken, else why not, as a code."""
_WRONG: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TimeoutError, "timed-out"),
    (ssl.SSLError, "tls"),
    (ConnectionRefusedError, "connection-refused"),
    (smtplib.SMTPAuthenticationError, "login-refused"),
    (smtplib.SMTPNotSupportedError, "not-supported"),
    (smtplib.SMTPRecipientsRefused, "recipients-refused"),
    (smtplib.SMTPSenderRefused, "sender-refused"),
    (Exception, "unreachable"),
)
"""What went wrong, the first that fits -> its code."""


def ways(settings: Notices, instance: str, environment: str) -> dict[str, Way]:
    """The ways that are configured, by name: `webhook`, `mail`."""
    found: dict[str, Way] = {}
    if settings.webhook_url is not None:
        found["webhook"] = _webhook(settings, settings.webhook_url, instance, environment)
    if settings.mail_to and settings.mail_from is not None:
        found["mail"] = _mail(settings, settings.mail_from, instance, environment)
    return found


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    """An address that sends us elsewhere is told of, not followed."""

    def redirect_request(self, *_args: object) -> None:
        """None: no other request is made."""


def _webhook(settings: Notices, url: str, instance: str, environment: str) -> Way:
    opener = urllib.request.build_opener(_Unfollowed)

    def post(notice: Notice, _at: datetime) -> str:
        body = json.dumps(document(notice, instance, environment), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        if settings.webhook_secret is not None:
            secret = settings.webhook_secret.get_secret_value().encode()
            headers[SIGNATURE] = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - http(s) by its pattern
        try:
            with opener.open(request, timeout=settings.timeout_seconds):
                return ""
        except urllib.error.HTTPError as error:
            error.close()
            return f"status-{error.code}"
        except urllib.error.URLError as error:
            return _code(error.reason if isinstance(error.reason, Exception) else error)
        except (OSError, ValueError, http.client.HTTPException) as error:
            return _code(error)

    return post


def _mail(settings: Notices, sender: str, instance: str, environment: str) -> Way:
    def send(notice: Notice, at: datetime) -> str:
        mail = _letter(notice, at, f"{instance} ({environment})")
        mail["From"], mail["To"] = sender, ", ".join(settings.mail_to)
        mail["Message-ID"] = f"<{notice.id}.{instance}@{sender.rpartition('@')[2]}>"
        try:
            _deliver(mail, settings)
        except (OSError, ValueError) as error:  # those of smtplib are OSErrors
            return _code(error)
        return ""

    return send


def _letter(notice: Notice, at: datetime, name: str) -> EmailMessage:
    """In French, then in English; a machine is not to answer it (RFC 3834)."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = f"EESSI {name}: {notice.cause} {notice.event}"
    mail["Date"] = format_datetime(at)
    mail["Auto-Submitted"] = "auto-generated"
    parts = [
        "\n".join([*words(notice, lang), sentence(lang, "notice", "look")]) for lang in ("fr", "en")
    ]
    mail.set_content("\n\n".join([*parts, f"{name} {notice.cause} {notice.event}"]) + "\n")
    return mail


def _deliver(mail: EmailMessage, settings: Notices) -> None:
    with smtplib.SMTP(
        settings.smtp_host, settings.smtp_port, timeout=settings.timeout_seconds
    ) as server:
        if settings.smtp_starttls:
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user is not None and settings.smtp_password is not None:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        refused = server.send_message(mail)
    if refused:
        logger().warning("notice-recipients-refused", count=len(refused))


def _code(error: Exception) -> str:
    """A code for what went wrong; never its text."""
    named = next(code for kind, code in _WRONG if isinstance(error, kind))
    if named == "unreachable" and isinstance(error, smtplib.SMTPResponseException):
        return f"status-{error.smtp_code}"
    return named
