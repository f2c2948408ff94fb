"""What is said on the WebSocket."""

import json

import pytest

from services.frontend import messages
from services.frontend.feed import MESSAGE_CHARACTERS, Cursor, Entry, batches
from services.frontend.messages import Closing, Hello, Ping, parse


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        ('{"type": "hello"}', None),
        ('{"type": "hello", "epoch": null, "since": null}', None),
        ('{"type": "hello", "epoch": 1, "since": null}', None),
        ('{"type": "hello", "epoch": 1, "since": 7}', Cursor(1, 7)),
        ('{"type": "hello", "epoch": 0, "since": 0, "later": "more"}', Cursor(0, 0)),
    ],
)
def test_a_hello_says_where_the_client_stands(text: str, cursor: Cursor | None) -> None:
    message = parse(text)
    assert isinstance(message, Hello)
    assert message.cursor == cursor


def test_a_ping_is_a_ping() -> None:
    assert isinstance(parse('{"type": "ping"}'), Ping)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (None, "binary"),
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "message"),
        ("{}", "type"),
        ('{"type": "helo"}', "hello"),
        ('{"type": "hello", "epoch": "1", "since": 1}', "epoch"),
        ('{"type": "hello", "epoch": 1, "since": true}', "since"),
        ('{"type": "hello", "epoch": 1, "since": -1}', "since"),
        ('{"type": "hello", "epoch": 1, "since": 1e400}', "since"),
        ('{"type": "hello", "epoch": 99999999999999999999, "since": 1}', "epoch"),
        ("[" * 5000, "JSON"),
    ],
)
def test_what_is_not_understood_is_named(text: str | None, names: str) -> None:
    with pytest.raises(Closing) as end:
        parse(text)
    assert end.value.code == 4400
    assert names in end.value.reason


def test_a_reason_fits_into_a_close_frame() -> None:
    assert len(Closing(4400, "ü" * 200).reason.encode()) <= 123


def test_an_event_has_its_fields_whether_or_not_they_are_known() -> None:
    event = {"seq": 3, "type": "task.created", "task": {"id": "x"}, "person": "p", "was": {"a": 1}, "epoch": 2}
    assert json.loads(messages.entry(event).body) == {
        "seq": 3,
        "type": "task.created",
        "task": {"id": "x"},
        "key": None,
        "change": None,
        "at": None,
        "actor": None,
    }
    assert json.loads(messages.entry(event | {"profile": {"locale": "it"}, "reminder": "r"}).body)["reminder"] == "r"


@pytest.mark.parametrize("seq", [None, 0, -1, "1", 1.5])
def test_an_event_without_a_place_in_the_log_is_refused(seq: object) -> None:
    with pytest.raises(ValueError, match="seq"):
        messages.entry({"seq": seq})


def test_messages_are_json() -> None:
    assert json.loads(messages.events([Entry(1, '{"seq":1}'), Entry(2, '{"seq":2}')])) == {
        "type": "events",
        "events": [{"seq": 1}, {"seq": 2}],
    }
    assert json.loads(messages.snapshot(Cursor(2, 9), [{"id": "ü"}], 3, last=True)) == {
        "type": "snapshot",
        "epoch": 2,
        "seq": 9,
        "tasks": [{"id": "ü"}],
        "part": 3,
        "last": True,
    }
    assert json.loads(messages.heartbeat(Cursor(1, 5))) == {"type": "heartbeat", "seq": 5, "epoch": 1}
    assert json.loads(messages.heartbeat(None)) == {"type": "heartbeat", "seq": None, "epoch": None}
    assert json.loads(messages.aside("notification", {"id": 1, "type": "x"})) == {"id": 1, "type": "notification"}


def test_portions_keep_the_order_and_fit() -> None:
    entries = [Entry(n, "x" * (MESSAGE_CHARACTERS // 3)) for n in range(1, 9)] + [Entry(9, "x" * MESSAGE_CHARACTERS)]
    portions = list(batches(entries))
    assert [entry for portion in portions for entry in portion] == entries
    assert all(sum(len(e.body) for e in portion) <= MESSAGE_CHARACTERS for portion in portions)
    assert list(batches([])) == []
