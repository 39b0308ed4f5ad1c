from __future__ import annotations

import stat
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr
from tests.connectors.fakes import ACCOUNT, Answer, Seen, Web, World, serving
from tests.connectors.snow import SOURCE, VENDORS, Snow, incident

from itsm_bridge.config.model import Credentials, Limits, OAuth, RefreshToken
from itsm_bridge.connectors import Connector, connect
from itsm_bridge.connectors.base import Write
from itsm_bridge.connectors.servicenow import oauth
from itsm_bridge.errors import (
    BridgeError,
    CredentialsRefused,
    NeedsPerson,
    SourceUnavailable,
    StorageFailed,
    WriteRefused,
)

CLIENT, CANARY = "client-7", "canary-client-secret"
FIRST, SECOND = "canary-refresh-1", "canary-refresh-2"
VARIABLE = "ITSM_BRIDGE_SNOW__REFRESH_TOKEN"
TRANSPORTS = pytest.mark.parametrize("transport", ["pysnow", "requests"])

Form = dict[str, list[str]]


@dataclass
class Issuer:
    """An instance whose tokens end when told, and which may replace its refresh tokens."""

    snow: Snow = field(default_factory=Snow)
    tokens: list[str] = field(default_factory=list)
    refresh: str = FIRST
    successor: str = ""
    asked: list[Form] = field(default_factory=list)
    sent: list[Seen] = field(default_factory=list)
    lasts: object = 1799
    refuses: bool = False

    def __call__(self, seen: Seen) -> Answer:
        if seen.path == oauth.PATH:
            return self._issue(parse_qs(seen.body.decode()))
        self.sent.append(seen)
        if not self.tokens or seen.headers["Authorization"] != f"Bearer {self.tokens[-1]}" or self.refuses:
            return Answer({"error": {"message": "User Not Authenticated"}}, 401)
        return self.snow(seen)

    def _issue(self, form: Form) -> Answer:
        self.asked.append(form)
        if form["client_secret"] != [CANARY] or form.get("refresh_token", [self.refresh]) != [self.refresh]:
            return Answer({"error": "server_error", "error_description": f"not {CANARY}"}, 401)
        self.tokens.append(f"canary-access-{len(self.tokens)}")
        body = {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": self.lasts}
        if "refresh_token" in form:
            self.refresh = self.successor or self.refresh
            body["refresh_token"] = self.refresh
        return Answer(body)


def credentials(refresh: RefreshToken | None = None, secret: str = CANARY) -> Credentials:
    return Credentials("oauth", ACCOUNT, SecretStr(secret), OAuth(CLIENT, refresh))


def in_file(folder: Path, token: str = FIRST) -> RefreshToken:
    file = folder / "refresh"
    file.write_text(f"{token}\n")
    file.chmod(0o640)
    return RefreshToken(VARIABLE, SecretStr(token), file)


@contextmanager
def signed_in(
    issuer: Issuer, who: Credentials, transport: str = "pysnow", world: World | None = None
) -> Iterator[tuple[Connector, Web]]:
    issuer.snow.tables["incident"] = [incident(place) for place in range(3)]
    with serving(issuer) as web:
        source = replace(SOURCE, url=web.url, transport=transport)
        yield connect(source, who, VENDORS, Limits(), (world or World(at=7200)).surroundings), web


def count(connector: Connector) -> int:
    return sum(len(page.records) for page in connector.fetch("incident", None))


def told(error: BridgeError) -> str:
    text = "".join(traceback.format_exception(error)) + error.hint
    assert "canary" not in text
    return error.message


def grants(asked: Sequence[Form]) -> list[str]:
    return [form["grant_type"][0] for form in asked]


@TRANSPORTS
def test_a_client_signs_in_once_with_its_own_credentials(transport: str) -> None:
    issuer = Issuer()
    with signed_in(issuer, credentials(), transport) as (connector, web):
        assert count(connector) == 3
        assert connector.identity().account == ACCOUNT
    assert issuer.asked == [{"grant_type": ["client_credentials"], "client_id": [CLIENT], "client_secret": [CANARY]}]
    (asked,) = [seen for seen in web.seen if seen.path == oauth.PATH]
    assert (asked.method, asked.query) == ("POST", {})
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in asked.headers


@TRANSPORTS
def test_a_token_that_is_refused_is_renewed_once_and_the_walk_goes_on(transport: str) -> None:
    issuer = Issuer()
    with signed_in(issuer, credentials(), transport) as (connector, _):
        assert count(connector) == 3
        issuer.tokens.append("withdrawn")
        assert count(connector) == 3
    assert grants(issuer.asked) == ["client_credentials"] * 2


@TRANSPORTS
def test_a_write_that_met_an_old_token_is_done_once(transport: str) -> None:
    issuer = Issuer()
    with signed_in(issuer, credentials(), transport) as (connector, _):
        ticket = next(iter(connector.fetch("incident", None))).records[0].ticket
        issuer.tokens.append("withdrawn")
        connector.push(Write(ticket, {"impact": 1}, (), "marker"))
    assert [seen.method for seen in issuer.snow.written] == ["PATCH"]


def test_a_new_token_that_is_refused_too_ends_the_run() -> None:
    issuer = Issuer(refuses=True)
    with signed_in(issuer, credentials()) as (connector, _), pytest.raises(CredentialsRefused, match="401") as raised:
        count(connector)
    assert len(issuer.asked) == len(issuer.sent) == 2
    told(raised.value)


def test_a_client_that_is_not_accepted_is_asked_for_once_and_named_without_its_secret() -> None:
    issuer = Issuer()
    wrong = credentials(secret="canary-wrong")
    with (
        signed_in(issuer, wrong) as (connector, _),
        pytest.raises(CredentialsRefused, match=r"oauth_token\.do") as raised,
    ):
        count(connector)
    assert len(issuer.asked) == 1
    assert issuer.sent == []
    told(raised.value)


@pytest.mark.parametrize("status", [400, 403])
def test_a_grant_that_is_not_offered_is_a_matter_of_credentials(status: int) -> None:
    def refuses(_: Seen) -> Answer:
        return Answer({"error": "invalid_grant", "error_description": "canary"}, status)

    with serving(refuses) as web:
        connector = connect(replace(SOURCE, url=web.url), credentials(), VENDORS, Limits(), World().surroundings)
        with pytest.raises(CredentialsRefused, match="credentials of the client may have ended") as raised:
            connector.identity()
        told(raised.value)
        assert len(web.seen) == 1


@pytest.mark.parametrize(
    "body", [{}, {"access_token": ""}, {"access_token": 7}, {"access_token": "a b"}, {"access_token": "a\nb"}, []]
)
def test_an_answer_without_a_token_that_can_be_sent_is_no_token(body: object) -> None:
    with serving(lambda _: Answer(body)) as web:
        connector = connect(replace(SOURCE, url=web.url), credentials(), VENDORS, Limits(), World().surroundings)
        with pytest.raises(SourceUnavailable, match="no access token"):
            connector.identity()


def test_a_token_near_its_end_is_renewed_before_it_is_refused() -> None:
    issuer, world = Issuer(), World(at=7200)
    with signed_in(issuer, credentials(), world=world) as (connector, _):
        count(connector)
        world.at += 1700
        count(connector)
        assert len(issuer.asked) == 1
        world.at += 50
        count(connector)
    assert len(issuer.asked) == 2
    assert all(seen.headers["Authorization"] != "Bearer " for seen in issuer.sent)


@pytest.mark.parametrize("lasts", [None, "soon", -5, 10**30])
def test_an_end_that_cannot_be_read_is_none(lasts: object) -> None:
    issuer = Issuer(lasts=lasts)
    with signed_in(issuer, credentials()) as (connector, _):
        assert count(connector) == 3
    assert len(issuer.asked) == 1


# --- refresh tokens ---


def test_a_refresh_token_that_stays_may_stand_in_a_variable() -> None:
    issuer = Issuer()
    with signed_in(issuer, credentials(RefreshToken(VARIABLE, SecretStr(FIRST)))) as (connector, _):
        assert count(connector) == 3
    assert issuer.asked[0]["grant_type"] == ["refresh_token"]
    assert issuer.asked[0]["refresh_token"] == [FIRST]


def test_a_successor_is_on_disk_before_anything_is_asked_with_what_came_with_it(tmp_path: Path) -> None:
    issuer = Issuer(successor=SECOND)
    refresh = in_file(tmp_path)
    seen_on_disk: list[str] = []

    def meddle(_: Seen, answer: Answer) -> Answer:
        seen_on_disk.append((tmp_path / "refresh").read_text())
        return answer

    issuer.snow.meddle = meddle
    with signed_in(issuer, credentials(refresh)) as (connector, _):
        assert count(connector) == 3
        issuer.tokens.append("withdrawn")
        assert count(connector) == 3
    assert seen_on_disk[0] == SECOND
    assert [form["refresh_token"] for form in issuer.asked] == [[FIRST], [SECOND]]
    assert stat.S_IMODE((tmp_path / "refresh").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["refresh"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    real = in_file(tmp_path / "secrets")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "secrets" / "refresh")
    issuer = Issuer(successor=SECOND)
    with signed_in(issuer, credentials(replace(real, file=link))) as (connector, _):
        count(connector)
    assert link.is_symlink()
    assert link.read_text() == SECOND


def test_a_token_that_another_run_has_replaced_is_read_anew(tmp_path: Path) -> None:
    issuer = Issuer(refresh=SECOND)
    refresh = in_file(tmp_path)
    (tmp_path / "refresh").write_text(SECOND)
    with signed_in(issuer, credentials(refresh)) as (connector, _):
        assert count(connector) == 3
    assert issuer.asked[0]["refresh_token"] == [SECOND]


def test_a_successor_of_a_variable_cannot_be_kept_and_a_person_is_told_where_to_put_it() -> None:
    issuer = Issuer(successor=SECOND)
    who = credentials(RefreshToken(VARIABLE, SecretStr(FIRST)))
    with signed_in(issuer, who) as (connector, _):
        with pytest.raises(NeedsPerson, match=f"{VARIABLE}_FILE") as raised:
            count(connector)
        with pytest.raises(BridgeError):
            count(connector)  # what came with it is not used later either
    assert issuer.sent == []
    told(raised.value)


def test_a_successor_that_cannot_be_stored_ends_the_run_and_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device", f"/canary/{SECOND}")

    monkeypatch.setattr("os.fsync", full)
    issuer = Issuer(successor=SECOND)
    refresh = in_file(tmp_path)
    with signed_in(issuer, credentials(refresh)) as (connector, _), pytest.raises(StorageFailed) as raised:
        count(connector)
    assert "No space left on device" in told(raised.value)
    assert issuer.sent == []
    assert (tmp_path / "refresh").read_text().strip() == FIRST
    assert [path.name for path in tmp_path.iterdir()] == ["refresh"]


def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    who = credentials(in_file(tmp_path))
    assert who.oauth is not None
    tokens = oauth.Tokens("snow", "https://snow.example", who, who.oauth, max_wait=1, around=World().surroundings)
    assert "canary" not in f"{who!r} {who.oauth!r} {tokens!r} {tokens}"
    assert CLIENT not in f"{who!r}"


def test_a_token_is_never_asked_for_at_another_address() -> None:
    with serving(lambda _: Answer(status=302, headers={"Location": "https://elsewhere.example/oauth_token.do"})) as web:
        connector = connect(replace(SOURCE, url=web.url), credentials(), VENDORS, Limits(), World().surroundings)
        with pytest.raises((NeedsPerson, CredentialsRefused), match="redirect"):
            connector.identity()
        assert len(web.seen) == 1


def test_a_busy_instance_gives_its_token_later() -> None:
    issuer, world = Issuer(), World()
    busy = [Answer(status=503), Answer(status=429, headers={"Retry-After": "30"})]

    def script(seen: Seen) -> Answer:
        return busy.pop(0) if busy else issuer(seen)

    with serving(script) as web:
        connector = connect(replace(SOURCE, url=web.url), credentials(), VENDORS, Limits(), world.surroundings)
        assert connector.identity().account == ACCOUNT
    assert len(world.slept) == 2


def test_a_refusal_of_a_write_is_no_reason_to_sign_in_again() -> None:
    issuer = Issuer()
    with signed_in(issuer, credentials()) as (connector, _):
        ticket = next(iter(connector.fetch("incident", None))).records[0].ticket
        issuer.snow.meddle = lambda seen, answer: Answer({"error": {}}, 403) if seen.method == "PATCH" else answer
        with pytest.raises(WriteRefused):
            connector.push(Write(ticket, {"impact": 1}, (), "marker"))
    assert len(issuer.asked) == 1
