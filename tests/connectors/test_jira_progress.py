from __future__ import annotations

from datetime import timedelta

import pytest
from tests.connectors import center, cloud
from tests.connectors.cloud import Cloud
from tests.connectors.fakes import NOON, Answer

COUNT = "/search/approximate-count"


def many(count: int = 250) -> Cloud:
    site = Cloud()
    site.add(*(cloud.issue(number, NOON - timedelta(minutes=number)) for number in range(count)))
    return site


def test_a_walk_of_several_pages_is_estimated_once() -> None:
    site = many()
    with cloud.connected(site) as connector:
        pages = list(connector.fetch("issues", None))
    assert [page.expected for page in pages] == [250, 250, 250]
    (asked,) = site.asked(COUNT)
    assert asked.json == {"jql": 'project in ("OPS", "ENV")'}


def test_the_estimate_of_a_later_walk_is_of_what_is_left() -> None:
    site = many()
    with cloud.connected(site) as connector:
        bookmark = next(iter(connector.fetch("issues", None))).bookmark
        list(connector.fetch("issues", bookmark))
    walked, counted = site.asked("/search/jql")[-1].json["jql"], site.asked(COUNT)[-1].json["jql"]
    assert "updated >= " in counted
    assert walked.startswith(counted)


def test_a_walk_of_one_page_is_not_counted_beforehand() -> None:
    site = many(100)
    with cloud.connected(site) as connector:
        (page,) = connector.fetch("issues", None)
    assert (page.expected, site.asked(COUNT)) == (None, [])


@pytest.mark.parametrize(
    "answer", [Answer({}, 404), Answer({}, 403), Answer({"count": "many"}), Answer({}, 500), Answer(broken=True)]
)
def test_a_site_that_will_not_estimate_harms_no_walk_and_is_not_asked_again(answer: Answer) -> None:
    site = many()
    site.meddle = lambda seen, given: answer if seen.path.endswith(COUNT) else given
    with cloud.connected(site) as connector:
        pages = list(connector.fetch("issues", None))
        asked = len(site.asked(COUNT))
        again = list(connector.fetch("issues", None))
    assert asked >= 1
    assert len(site.asked(COUNT)) == asked
    for found in (pages, again):
        assert sum(len(page.records) for page in found) == 250
        assert {page.expected for page in found} == {None}


def test_a_census_is_estimated_too() -> None:
    with cloud.connected(many()) as connector:
        assert {step.expected for step in connector.census("issues")} == {250}


def test_data_center_tells_how_many_with_its_first_page() -> None:
    site = center.Center()
    site.add(*(center.issue(number, NOON - timedelta(minutes=number)) for number in range(250)))
    with center.connected(site) as connector:
        pages = list(connector.fetch("issues", None))
    assert len(pages) > 2
    assert {page.expected for page in pages} == {250}
    assert site.asked(COUNT) == []
