"""Sends an alarm by e-mail."""

import smtplib
from email.message import EmailMessage
from email.utils import localtime
from hashlib import sha256

from oott_assets.alarms.alarm import Alarm, Undelivered
from oott_assets.alarms.settings import AlarmSettings
from oott_assets.photos.sources.http_requests import trusted_certificates

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_SUBJECT_CHARACTERS = 100


def send(alarm: Alarm, settings: AlarmSettings, seconds: float) -> None:
    """Send ``alarm`` to all addresses. ``seconds`` limits each wait for the server.

    Raises:
        Undelivered: the server cannot be reached, refuses the message, or offers no encryption.
    """
    try:
        with _connection(settings, seconds) as server:
            server.send_message(_message(alarm, settings))
    except TimeoutError:
        raise Undelivered("the mail server did not answer in time") from None
    except smtplib.SMTPResponseException as error:
        raise Undelivered(f"the mail server answered {error.smtp_code}") from None
    # The text of an error may repeat the user name.
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(f"the mail server failed: {type(error).__name__}") from None


def _connection(settings: AlarmSettings, seconds: float) -> smtplib.SMTP:
    host, port = _address(settings)
    if settings.mail_encryption == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, timeout=seconds, context=trusted_certificates()
        )
    else:
        server = smtplib.SMTP(host, port, timeout=seconds)
    try:
        if settings.mail_encryption == "starttls":
            server.starttls(context=trusted_certificates())
        if settings.mail_user and settings.mail_password:
            server.login(settings.mail_user, settings.mail_password.get_secret_value())
    except (smtplib.SMTPException, OSError):
        server.close()
        raise
    return server


def _address(settings: AlarmSettings) -> tuple[str, int]:
    server = settings.mail_server or ""
    host, colon, port = server.rpartition(":")
    if not colon or server.endswith("]"):
        host, port = server, str(_PORTS[settings.mail_encryption])
    return host.strip("[]"), int(port)


def _message(alarm: Alarm, settings: AlarmSettings) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = f"OOTT: {alarm.sentence[:_SUBJECT_CHARACTERS]}"
    message["From"] = settings.alarm_mail_from
    message["To"] = ", ".join(settings.mail_addresses)
    message["Date"] = localtime()
    # An alarm that is sent twice has the same id, so a mail server can recognise it.
    digest = sha256(f"{alarm.sentence}\n{alarm.link}".encode()).hexdigest()
    message["Message-ID"] = f"<{digest[:32]}@oott>"
    message.set_content(f"{alarm.sentence}\n\n{alarm.link}\n")
    return message
