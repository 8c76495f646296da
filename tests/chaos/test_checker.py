"""The checker notices what it is there to notice: else a table of zeros would say nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as NoReply
from redis.retry import Retry

from shop.demo.valkey import Valkey
from shop.loadtest.shoppers.history import History, lines_on, saved
from tests.fixtures.proxy import Mode, Proxy


@pytest.fixture
def history() -> History:
    """One mug was added, then a second, and both were acknowledged."""
    history = History()
    for quantity in (1, 2):
        history.sends({"mug": quantity})
        history.is_answered()
    return history


def shown(history: History, lines: dict[str, int], since: int) -> int:
    """How many answers are held to be wrong once these lines were shown to a read that began at `since`."""
    history.shows(lines, since, "GET /cart")
    return len(history.verdict.vanished)


def test_an_acknowledged_change_must_be_shown(history: History) -> None:
    assert shown(history, {"mug": 2}, history.begins_to_read()) == 0
    assert shown(history, {"mug": 1}, history.begins_to_read()) == 1
    assert shown(history, {}, history.begins_to_read()) == 2


def test_what_was_never_sent_must_not_be_shown(history: History) -> None:
    assert shown(history, {"mug": 3}, history.begins_to_read()) == 1


def test_a_read_may_show_what_changed_while_it_was_under_way_and_none_after_it_less(history: History) -> None:
    since = history.begins_to_read()
    history.sends({"mug": 2, "bowl": 1})
    assert shown(history, {"mug": 2}, since) == 0
    assert shown(history, {"mug": 2, "bowl": 1}, since) == 0
    assert shown(history, {"mug": 2}, history.begins_to_read()) == 1, "it was seen, so it may not go away again"


@pytest.mark.parametrize(
    ("stored", "lost", "doubled"),
    [({"mug": 2}, 0, 0), ({"mug": 1}, 1, 0), ({"mug": 4}, 0, 2), ({"bowl": 1}, 2, 1), ({}, 2, 0)],
)
def test_the_end_is_counted_by_the_piece(history: History, stored: dict[str, int], lost: int, doubled: int) -> None:
    verdict = history.ends(stored, "the store")
    assert (verdict.lost, verdict.doubled, len(verdict.amiss)) == (lost, doubled, int(lost + doubled > 0))


def test_a_change_without_an_answer_may_or_may_not_be_there_in_the_end(history: History) -> None:
    history.sends({"mug": 3})
    assert not history.ends({"mug": 2}, "the store").words
    assert not history.ends({"mug": 3}, "the store").words
    assert history.ends({"mug": 4}, "the store").doubled == 2


def test_what_was_refused_counts_as_never_sent(history: History) -> None:
    history.sends({})
    assert shown(history, {}, history.begins_to_read()) == 0
    history.is_refused()
    assert shown(history, {"mug": 2}, history.begins_to_read()) == 0
    assert shown(history, {}, history.begins_to_read()) == 1
    assert not history.ends({"mug": 2}, "the store").words


def taken_out(history: History, lines: dict[str, int]) -> None:
    history.sends(lines)
    history.is_answered()


def test_a_line_that_was_taken_out_must_not_come_back(history: History) -> None:
    taken_out(history, {})
    history.shows({"mug": 2}, history.begins_to_read(), "GET /cart")
    assert (len(history.verdict.resurrected), len(history.verdict.vanished)) == (1, 0)
    verdict = history.ends({"mug": 2}, "the store")
    assert (verdict.lost, verdict.doubled, len(verdict.resurrected), len(verdict.amiss)) == (0, 0, 1, 1)


def test_nor_come_back_on_top_of_what_was_added_since(history: History) -> None:
    taken_out(history, {})
    taken_out(history, {"mug": 1})
    assert len(history.ends({"mug": 3}, "the store").resurrected) == 1
    assert history.ends({"mug": 2}, "the store").doubled == 1


def test_what_is_saved_for_later_is_a_line_of_its_own(history: History) -> None:
    taken_out(history, {saved("mug"): 2})
    history.counts(0, history.begins_to_read(), "POST /cart/lines/mug/save")
    assert history.verdict.words == []
    verdict = history.ends({"mug": 2, saved("mug"): 2}, "the store")
    assert (len(verdict.resurrected), verdict.lost) == (1, 0)


def test_lines_are_read_off_a_page() -> None:
    field = '<input class="stepper__field" id="/cart/lines/{}" type="number" name="quantity" value="{}" min="0">'
    assert lines_on((field.format("mug", 2) + field.format("bowl", 13)).encode()) == {"mug": 2, "bowl": 13}


@pytest.fixture
def proxy(valkey: Valkey) -> Iterator[Proxy]:
    proxy = Proxy(valkey.port)
    proxy.start()
    yield proxy
    proxy.stop()


def keep_counting(client: Redis) -> None:
    for _ in range(100):
        client.incr("count")


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (Mode.RESET, Disconnected),
        (Mode.LOSE_AND_CUT, Disconnected),
        (Mode.LOSE_IN_SILENCE, NoReply),
        (Mode.REFUSE, Disconnected),
        (Mode.BLACK_HOLE, NoReply),
    ],
)
def test_a_reply_is_lost_though_the_change_is_made(
    valkey: Valkey, proxy: Proxy, mode: Mode, error: type[Exception]
) -> None:
    with Redis(port=proxy.port, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)) as client:
        client.incr("count")
        proxy.become(mode)
        with pytest.raises(error):
            keep_counting(client)
        proxy.become(Mode.PASS)
        assert client.ping()
    assert proxy.spoiled[mode] > 0
    if mode in (Mode.LOSE_AND_CUT, Mode.LOSE_IN_SILENCE):
        assert int(valkey.client().get("count") or 0) >= 2, "made, and not answered"
