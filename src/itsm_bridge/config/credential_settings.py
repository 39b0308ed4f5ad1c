"""Who we are to each source, from the environment, from files that it names, or from ``.env`` beside the configuration.

ServiceNow has ``…__USERNAME`` and ``…__PASSWORD``; or, for OAuth 2, ``…__CLIENT_ID`` and ``…__CLIENT_SECRET`` of an
application that acts as ``…__USERNAME``, by its own credentials, or by ``…__REFRESH_TOKEN`` where that is set. A source
that replaces its refresh tokens needs ``…__REFRESH_TOKEN_FILE``: the file then holds the new one.

No message here repeats a value, nor the path in a ``…_FILE`` variable: people paste secrets into the wrong variable.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from itsm_bridge.config.findings import Code
from itsm_bridge.config.model import Credentials, OAuth, RefreshToken, ServiceNow, Source
from itsm_bridge.config.regular_files import is_there, read_regular
from itsm_bridge.errors import ConfigurationInvalid, Finding

MAX_BYTES: Final = 65_536
DOTENV: Final = ".env"


class Variables(BaseSettings):
    """What one place says; the prefix is that of one source."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    username: SecretStr | None = None
    username_file: SecretStr | None = None
    password: SecretStr | None = None
    password_file: SecretStr | None = None
    email: SecretStr | None = None
    email_file: SecretStr | None = None
    token: SecretStr | None = None
    token_file: SecretStr | None = None
    client_id: SecretStr | None = None
    client_id_file: SecretStr | None = None
    client_secret: SecretStr | None = None
    client_secret_file: SecretStr | None = None
    refresh_token: SecretStr | None = None
    refresh_token_file: SecretStr | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """One place only: the ``.env`` file where one is configured, else the environment."""
        return (dotenv_settings,) if settings_cls.model_config.get("env_file") else (env_settings,)


class OfTheLog(Variables):
    """The same for the audit log."""

    key: SecretStr | None = None
    key_file: SecretStr | None = None


class OfPings(Variables):
    """The same for pings."""

    url: SecretStr | None = None
    url_file: SecretStr | None = None


def variables(prefix: str, env_file: Path | None = None, kind: type[Variables] = Variables) -> Variables:
    """What one place says, under this prefix: the environment, or ``env_file``."""

    class _OfOneSource(kind):  # type: ignore[valid-type, misc]  # mypy knows no class by its variable
        model_config = SettingsConfigDict(env_prefix=prefix, env_file=env_file, env_file_encoding="utf-8-sig")

    return _OfOneSource()


class Unusable(Exception):
    """Why there is no value; names variables, and holds none."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One secret: its variable's full name, and the places to look, the first to have it winning."""

    variable: str
    name: str
    layers: tuple[Variables, ...]
    project: Path

    def value(self) -> str | None:
        """The secret, or ``None`` where no place has it; raises ``Unusable``."""
        return next((found for layer in self.layers if (found := self._of(layer)) is not None), None)

    @property
    def is_set(self) -> bool:
        """Whether any place has it, usable or not."""
        return any(
            getattr(layer, name) is not None for layer in self.layers for name in (self.name, f"{self.name}_file")
        )

    @property
    def file(self) -> Path | None:
        """The file that holds it, where it is not in a variable itself."""
        layer = next(
            (layer for layer in self.layers if _Wanted(self.variable, self.name, (layer,), self.project).is_set), None
        )
        path: SecretStr | None = getattr(layer, f"{self.name}_file", None)
        return None if path is None else self.project / path.get_secret_value()

    def _of(self, layer: Variables) -> str | None:
        direct: SecretStr | None = getattr(layer, self.name)
        path: SecretStr | None = getattr(layer, f"{self.name}_file")
        if direct is not None and path is not None:
            raise Unusable(f"both {self.variable} and {self.variable}_FILE are set; keep one of them")
        if path is not None:
            place = f"the file that {self.variable}_FILE names"
            content = _read_private(self.project / path.get_secret_value(), place)
            return _one_line(content.rstrip("\r\n"), place)
        return None if direct is None else _one_line(direct.get_secret_value(), self.variable)


def read(source: Source, project: Path) -> Credentials:
    """The credentials of ``source``; relative paths start in ``project``, where ``.env`` may lie.

    Raises ``ConfigurationInvalid`` with the names of the variables that are wanted or unusable, never with a value.
    """
    prefix = f"ITSM_BRIDGE_{source.name.upper()}__"
    try:
        layers = (variables(prefix), *dotenv(project / DOTENV, prefix))
    except Unusable as problem:
        raise _invalid(source, [str(problem)]) from None

    def wanted(name: str) -> _Wanted:
        return _Wanted(prefix + name.upper(), name, layers, project)

    if isinstance(source, ServiceNow):
        return _service_now(source, wanted)
    if source.deployment == "data_center":
        return _data_center(source, wanted)
    account, secret = _values(source, [wanted("email"), wanted("token")])
    return Credentials("token", account, SecretStr(secret))


def _single(prefix: str, name: str, kind: type[Variables], project: Path) -> str | None:
    """A secret that belongs to no source, from the environment or ``.env``; raises ``Unusable``."""
    layers = (variables(prefix, kind=kind), *dotenv(project / DOTENV, prefix, kind))
    return _Wanted(prefix + name.upper(), name, layers, project).value()


AUDIT: Final = "ITSM_BRIDGE_AUDIT_"


def read_audit_key(project: Path) -> str | None:
    """The key of the audit log where a place holds it: 64 hexadecimal digits. Raises ``ConfigurationInvalid``."""
    try:
        key = _single(AUDIT, "key", OfTheLog, project)
    except Unusable as problem:
        raise ConfigurationInvalid(f"the key of the audit log: {problem}; nothing was done", hint=NEW_KEY) from None
    if key is not None and not re.fullmatch("[0-9a-fA-F]{64}", key):
        what = f"{AUDIT}KEY does not hold 64 hexadecimal digits"
        raise ConfigurationInvalid(f"{what}; nothing was done", hint=NEW_KEY)
    return key


NEW_KEY: Final = "put back the key that was used before; for a new log: openssl rand -hex 32"


MAIL: Final = "ITSM_BRIDGE_MAIL__"


def read_mail(project: Path) -> Credentials | None:
    """Who we are to the mail server; ``None`` where it asks nobody. Raises ``ConfigurationInvalid``."""
    try:
        layers = (variables(MAIL), *dotenv(project / DOTENV, MAIL))
        wanted = [_Wanted(f"{MAIL}{name.upper()}", name, layers, project) for name in ("username", "password")]
        account, secret = (one.value() for one in wanted)
    except Unusable as problem:
        raise ConfigurationInvalid(f"the mail server: {problem}; nothing was sent") from None
    if account is None and secret is None:
        return None
    if account is None or secret is None:
        missing = next(one.variable for one in wanted if not one.is_set)
        raise ConfigurationInvalid(f"the mail server: {missing} is not set; set both or neither; nothing was sent")
    return Credentials("password", account, SecretStr(secret))


PING: Final = "ITSM_BRIDGE_PING_"


def read_ping(project: Path) -> SecretStr | None:
    """The address to ping; ``None`` where no place has it. Raises ``ConfigurationInvalid``, which never shows it."""
    try:
        url = _single(PING, "url", OfPings, project)
    except Unusable as problem:
        raise ConfigurationInvalid(f"the address to ping: {problem}; nothing was pinged") from None
    return None if url is None else SecretStr(url)


def _data_center(source: Source, wanted: Callable[[str], _Wanted]) -> Credentials:
    """A personal access token, or a user name and a password."""
    token, username, password = (wanted(name) for name in ("token", "username", "password"))
    if token.is_set and password.is_set:
        raise _invalid(
            source, [f"{token.variable} and {password.variable} are set; keep one of the two ways to sign in"]
        )
    if token.is_set:
        (secret,) = _values(source, [token])
        return Credentials("bearer", "", SecretStr(secret))
    if not (username.is_set or password.is_set):
        ways = f"set {token.variable}, or {username.variable} and {password.variable}"
        raise _invalid(source, [f"{ways} (or the same with _FILE), in the environment or in {DOTENV}"])
    account, secret = _values(source, [username, password])
    return Credentials("password", account, SecretStr(secret))


_OF_CLIENTS: Final = ("client_id", "client_secret", "refresh_token")
"""A ServiceNow source that has any of these signs in by OAuth 2, and has no password."""


def _service_now(source: Source, wanted: Callable[[str], _Wanted]) -> Credentials:
    """A user name and a password, or a client of OAuth 2 that acts as such a user."""
    client = {name: wanted(name) for name in ("username", "password", *_OF_CLIENTS)}
    if any(client[name].is_set for name in _OF_CLIENTS):
        return _oauth(source, client)
    client_id, client_secret, refresh = (client[name].variable for name in _OF_CLIENTS)
    instead = f"; for OAuth 2 set {client_id} and {client_secret} instead of the password, and {refresh}_FILE if any"
    account, secret = _values(source, [client["username"], client["password"]], instead)
    return Credentials("password", account, SecretStr(secret))


def _oauth(source: Source, client: Mapping[str, _Wanted]) -> Credentials:
    """A registered application, acting as the user of ``…__USERNAME``; by a refresh token where there is one."""
    refresh, password = client["refresh_token"], client["password"]
    if password.is_set:
        raise _invalid(
            source,
            [f"{password.variable} and those of a client for OAuth 2 are set; keep one of the two ways to sign in"],
        )
    names = ("username", "client_id", "client_secret", *(("refresh_token",) if refresh.is_set else ()))
    account, client_id, secret, *token = _values(source, [client[name] for name in names])
    tokens = [RefreshToken(refresh.variable, SecretStr(value), refresh.file) for value in token]
    return Credentials("oauth", account, SecretStr(secret), OAuth(client_id, *tokens))


def _values(source: Source, wanted: Sequence[_Wanted], instead: str = "") -> list[str]:
    """All of the values. ``instead`` tells of another way, where some are missing."""
    values, missing, problems = [], [], []
    for one in wanted:
        try:
            value = one.value()
        except Unusable as problem:
            problems.append(str(problem))
            continue
        if value is None:
            missing.append(one.variable)
        else:
            values.append(value)
    if missing:
        problems.append(
            f"set {' and '.join(missing)} (or the same with _FILE), in the environment or in {DOTENV}{instead}"
        )
    if problems:
        raise _invalid(source, problems) from None
    return values


def _invalid(source: Source, problems: Sequence[str]) -> ConfigurationInvalid:
    place = source.position
    findings = [
        Finding(place.file, place.line, place.column, Code.CREDENTIALS.value, "error", problem) for problem in problems
    ]
    message = f"the source {source.name} has no usable credentials: {'; '.join(problems)}; nothing was done"
    return ConfigurationInvalid(message, findings, hint="itsm-bridge doctor")


def dotenv(path: Path, prefix: str, kind: type[Variables] = Variables) -> tuple[Variables, ...]:
    """What ``.env`` says, where there is one; raises ``Unusable``."""
    if not is_there(path):
        return ()
    text = _read_private(path, DOTENV)
    expanded = re.search(rf"^\s*(?:export\s+)?({re.escape(prefix)}\w+)\s*=.*\$\{{", text, re.MULTILINE | re.IGNORECASE)
    if expanded:
        variable = expanded[1].upper().removesuffix("_FILE")
        raise Unusable(f"{expanded[1]} in {DOTENV} holds ${{, which would be replaced; use {variable}_FILE instead")
    return (variables(prefix, path, kind),)


def _read_private(path: Path, place: str) -> str:
    """The text of a regular file that nobody else may write; raises ``Unusable``, which calls it ``place``."""
    try:
        content = read_regular(path, MAX_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{place} cannot be read: {error.strerror or 'unknown reason'}") from None
    if content is None:
        raise Unusable(f"{place} is not a regular file")
    if content.mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Unusable(f"{place} can be changed by others: take that away with chmod go-w")
    return _text(content.head, place)


def _text(content: bytes, place: str) -> str:
    if len(content) > MAX_BYTES:
        raise Unusable(f"{place} is larger than 64 kB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(f"{place} is not UTF-8") from None


def _one_line(value: str, place: str) -> str:
    if not value.strip():
        raise Unusable(f"{place} is empty")
    if not value.isprintable():
        raise Unusable(f"{place} holds a line break or another control character")
    return value
