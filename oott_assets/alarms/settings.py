"""The settings of the alarms, and the owner of the assets."""

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from oott_assets.photos.sources.hosts import host_of
from oott_fashion.settings import SharedSettings


class AlarmSettings(SharedSettings):
    """The shared settings, and where alarms go."""

    alarm_webhook: SecretStr | None = Field(
        None,
        description='URL to which alarms are posted as JSON, {"text": ...}, as Slack and '
        "Mattermost expect it. It is as secret as a password.",
    )
    alarm_mail_to: str = Field(
        "", description="E-mail addresses that get the alarms, separated by commas."
    )
    alarm_mail_from: str | None = Field(None, description="E-mail address that alarms come from.")
    mail_server: str | None = Field(
        None,
        pattern=r"^([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$",
        description="Mail server that sends the alarms, HOST or HOST:PORT. The default port is "
        "that of OOTT_MAIL_ENCRYPTION: 587, 465 or 25.",
    )
    mail_encryption: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="Encryption of the connection to the mail server: starttls, tls (from the "
        "first byte), or none. With none, no password is sent.",
    )
    mail_user: str | None = Field(None, description="User name for the mail server.")
    mail_password: SecretStr | None = Field(None, description="Password for the mail server.")
    ui_url: str = Field(
        "http://localhost:3000",
        description="Address of the Dagster UI, for the links in alarms.",
    )
    late_on_day: int = Field(
        3,
        ge=1,
        le=28,
        description="Day of a month, in OOTT_TIMEZONE, on which the month before is late if it is "
        "not counted for every destination.",
    )
    asset_owner: str = Field(
        "team:oott",
        pattern=r"^(team:\w+|[^@\s]+@[^@\s]+\.[^@\s]+)$",
        description="Owner of all assets, shown in the Dagster UI: team:NAME or an e-mail address.",
    )

    @field_validator("alarm_webhook")
    @classmethod
    def _is_a_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not host_of(url.get_secret_value()):
            raise ValueError("is not a URL that begins with https:// or http://")
        return url

    @field_validator("ui_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if not host_of(url):
            raise ValueError(f"{url!r} is not a URL that begins with https:// or http://")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _has_what_mail_needs(self) -> Self:
        if self.mail_addresses and not (self.alarm_mail_from and self.mail_server):
            raise ValueError("OOTT_ALARM_MAIL_TO needs OOTT_ALARM_MAIL_FROM and OOTT_MAIL_SERVER")
        if self.mail_password and not self.mail_user:
            raise ValueError("OOTT_MAIL_PASSWORD needs OOTT_MAIL_USER")
        if self.mail_password and self.mail_encryption == "none":
            raise ValueError("OOTT_MAIL_ENCRYPTION=none would send OOTT_MAIL_PASSWORD readably")
        return self

    @property
    def mail_addresses(self) -> list[str]:
        """List the addresses of ``alarm_mail_to``."""
        return [address.strip() for address in self.alarm_mail_to.split(",") if address.strip()]
