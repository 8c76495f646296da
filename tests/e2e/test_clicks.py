"""One add for one intended click, whatever hand and network do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, Route, expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import OpenShopper

ADD = "**/cart"


def keys(requests: list[Request]) -> set[str]:
    return {request.headers["idempotency-key"] for request in requests}


@pytest.fixture
def posts(shopper: Shopper) -> list[Request]:
    """Every POST that leaves the page."""
    sent: list[Request] = []
    shopper.page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    return sent


def test_a_double_click_adds_once(shopper: Shopper, posts: list[Request]) -> None:
    shopper.add_button("Keel Pan").dblclick()
    expect(shopper.drawer).to_be_visible()
    shopper.sees_badge(1)
    assert len(posts) == 1


def test_two_intended_clicks_add_twice(shopper: Shopper, posts: list[Request]) -> None:
    for _ in range(2):
        shopper.adds("Keel Pan")
        shopper.closes_the_drawer()
    shopper.sees_badge(2)
    assert len(keys(posts)) == 2


def test_a_click_while_the_first_is_under_way_is_dropped(shopper: Shopper, posts: list[Request]) -> None:
    waiting: list[Route] = []
    shopper.page.route(ADD, lambda route: waiting.append(route))
    with shopper.page.expect_request(ADD):
        shopper.adds("Keel Pan")
    shopper.adds("Keel Pan")
    waiting[0].continue_()
    expect(shopper.drawer).to_be_visible()
    shopper.sees_badge(1)
    assert len(posts) == 1


def test_a_held_down_key_adds_once(shopper: Shopper, posts: list[Request]) -> None:
    shopper.add_button("Keel Pan").focus()
    for _ in range(5):
        shopper.page.keyboard.down("Enter")
    shopper.page.keyboard.up("Enter")
    expect(shopper.drawer).to_be_visible()
    shopper.sees_badge(1)
    assert len(posts) == 1


def test_an_add_whose_answer_is_lost_is_sent_again_and_made_once(shopper: Shopper, posts: list[Request]) -> None:
    lost: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort("connectionreset")

    shopper.page.route(ADD, lose_the_first_answer)
    shopper.adds("Keel Pan")
    expect(shopper.drawer).to_be_visible()
    shopper.sees_badge(1)
    assert lost == [200]
    assert len(posts) == 2
    assert len(keys(posts)) == 1
    shopper.forgives()


def test_a_shop_that_is_away_for_a_moment_is_asked_again(shopper: Shopper, posts: list[Request]) -> None:
    shopper.page.route(ADD, lambda route: route.fulfill(status=503, body="") if len(posts) < 3 else route.continue_())
    shopper.adds("Keel Pan")
    expect(shopper.status).to_contain_text("We keep trying")
    expect(shopper.drawer).to_be_visible()
    shopper.sees_badge(1)
    assert len(keys(posts)) == 1
    shopper.forgives()


def test_a_network_that_fails_is_told_and_trying_again_adds_once(shopper: Shopper, posts: list[Request]) -> None:
    shopper.page.route(ADD, lambda route: route.abort("internetdisconnected"))
    shopper.adds("Keel Pan")
    shopper.sees_status("cannot be reached")
    failed = len(posts)
    assert failed == 4
    shopper.page.unroute(ADD)
    shopper.presses("Try again")
    expect(shopper.drawer).to_be_visible()
    shopper.sees_badge(1)
    assert len(posts) == failed + 1
    assert len(keys(posts)) == 1
    shopper.forgives()


def test_clicking_again_tries_the_same_add_again(shopper: Shopper, posts: list[Request]) -> None:
    shopper.page.route(ADD, lambda route: route.abort("internetdisconnected"))
    shopper.adds("Keel Pan")
    shopper.sees_status("cannot be reached")
    shopper.page.unroute(ADD)
    shopper.adds("Keel Pan")
    expect(shopper.drawer).to_be_visible()
    shopper.sees_badge(1)
    assert len(keys(posts)) == 1
    shopper.forgives()


def test_a_network_that_comes_back_finishes_the_add(shopper: Shopper, posts: list[Request]) -> None:
    shopper.page.context.set_offline(True)
    shopper.adds("Keel Pan")
    shopper.sees_status("cannot be reached")
    shopper.page.context.set_offline(False)
    expect(shopper.drawer).to_be_visible()
    shopper.sees_badge(1)
    assert len(keys(posts)) == 1
    shopper.forgives()


def test_an_older_answer_does_not_overwrite_a_newer_one(open_shopper: OpenShopper) -> None:
    shopper = open_shopper(having=("Keel Pan",))
    waiting: list[Route] = []
    shopper.page.route(ADD, lambda route: waiting.append(route), times=1)
    with shopper.page.expect_request(ADD):
        shopper.adds("Reed Vase")
    while not waiting:
        shopper.page.evaluate("1")  # lets the route's handler run, which may come after the event
    first = waiting[0].fetch()
    shopper.adds("Raft Tray")
    expect(shopper.drawer).to_contain_text("Raft Tray")
    shopper.sees_badge(3, waiting=True)
    with shopper.page.expect_response(ADD):
        waiting[0].fulfill(response=first)
    shopper.sees_status("Reed Vase")
    shopper.sees_badge(3)
    expect(shopper.drawer).to_contain_text("Raft Tray")
