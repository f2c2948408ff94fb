"""Exports of other programs, as they are: each value that a person would look for."""

from datetime import timedelta
from pathlib import Path

import pytest
from harness.dues import at, local, on, rule
from transfer_cases import read, utc

from services.backend.schemas import ReminderInput, TaskDraft
from services.kit.task import Priority, Profile, Status

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "vtodo"
CHICAGO = "America/Chicago"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no ../shared/data/vtodo: real exports are NOT tested")


def imported(name: str) -> list[tuple[int | None, TaskDraft]]:
    parsed = read("ics", (FOLDER / f"{name}.ics").read_bytes(), Profile(time_zone="Europe/Rome"))
    assert parsed.problems == ()
    return [(entry.line, entry.draft) for entry in parsed.drafts]


def draft(**fields: object) -> TaskDraft:
    return TaskDraft.model_validate(fields)


def test_apple_reminder_at_a_time() -> None:
    assert imported("apple-date_time_reminder") == [
        (
            22,
            draft(
                external_id="A11D558C-3BC3-45FE-B95E-8B1F0023CB17",
                title="Test",
                due=at("2022-01-18T23:00:00-06:00", CHICAGO),
                reminders=(ReminderInput(id="2CBB42D2-039E-4F6B-BFDF-761632A15305", at=utc("2022-01-19T05:00:00")),),
                created_at=utc("2022-01-19T04:50:03"),
            ),
        )
    ]


def test_apple_high_priority_is_high_and_no_line_end_closes_the_file() -> None:
    assert imported("apple-priority_high") == [
        (
            5,
            draft(
                external_id="44C59110-221F-4E88-B97B-531D3940920B",
                title="Test",
                priority=Priority.HIGH,
                created_at=utc("2018-04-17T15:43:47"),
            ),
        )
    ]


def test_em_client_completed_recurring_task() -> None:
    assert imported("eMclient-completed_recurring_task") == [
        (
            4,
            draft(
                external_id="3884083942925614120",
                title="Repeat",
                due=local("2020-09-11T00:00"),
                recurrence=rule("FREQ=DAILY"),
                nominal=local("2020-09-11T00:00"),
                occurrence=2,
                created_at=utc("2020-09-09T14:24:19"),
            ),
        ),
        (
            16,
            draft(
                external_id="3884083942925614120#20200910T000000",
                title="Repeat",
                status=Status.COMPLETED,
                due=local("2020-09-10T00:00"),
                created_at=utc("2020-09-09T14:25:04"),
                completed_at=utc("2020-09-09T14:25:04"),
            ),
        ),
    ]


def test_nextcloud_all_day_task_with_times_that_forgot_their_utc() -> None:
    assert imported("nextcloud-all_day_task") == [
        (
            4,
            draft(
                external_id="838bdba9-f511-4dc7-8686-aaad8728e9bd",
                title="All day task",
                due=on("2021-02-01"),
                created_at=utc("2021-01-27T19:51:22"),
            ),
        )
    ]


def test_nextcloud_priority_5_is_medium() -> None:
    assert imported("nextcloud-priority_5_stars") == [
        (
            4,
            draft(
                external_id="ymv2zg9t2p",
                title="Test",
                description="Test description",
                priority=Priority.MEDIUM,
                created_at=utc("2018-04-17T16:32:03"),
            ),
        )
    ]


def test_synology_completed_without_a_date_takes_that_of_the_last_change() -> None:
    assert imported("synology-complete_no_due_date") == [
        (
            4,
            draft(
                external_id="20190111T085445-ce536afd@172.18.0.1",
                title="No date",
                status=Status.COMPLETED,
                created_at=utc("2019-01-11T08:54:45"),
                completed_at=utc("2019-01-11T08:54:45"),
            ),
        )
    ]


def test_thunderbird_completed_repeating_task() -> None:
    assert imported("thunderbird-completed_repeating_task") == [
        (
            21,
            draft(
                external_id="e0600bbe-b9d0-ba48-80b0-998409625d03",
                title="Recurring",
                due=at("2020-12-21T17:00:00-06:00", CHICAGO),
                recurrence=rule("FREQ=DAILY"),
                nominal=at("2020-12-21T17:00:00-06:00", CHICAGO),
                occurrence=2,
                created_at=utc("2020-12-20T22:01:26"),
            ),
        ),
        (
            32,
            draft(
                external_id="e0600bbe-b9d0-ba48-80b0-998409625d03#20201220T230000Z",
                title="Recurring",
                status=Status.COMPLETED,
                due=at("2020-12-20T17:00:00-06:00", CHICAGO),
                created_at=utc("2020-12-20T22:01:35"),
                completed_at=utc("2020-12-20T22:01:39"),
            ),
        ),
    ]


def test_thunderbird_reminder_before_the_start_is_before_the_due() -> None:
    assert imported("thunderbird-reminder_before_start") == [
        (
            21,
            draft(
                external_id="5b3a42d5-e99c-2f47-87d5-8ba0e2b753ab",
                title="Test",
                due=at("2022-01-21T13:00:00-06:00", CHICAGO),
                reminders=(ReminderInput(before="PT1H"),),
                created_at=utc("2022-01-21T05:49:34"),
            ),
        )
    ]


def test_thunderbird_repeats_from_its_start_when_it_has_no_due() -> None:
    ((line, found),) = imported("thunderbird-repeat_daily")
    assert line == 21
    assert found == draft(
        external_id="53bfc5f2-b35a-654f-87a8-e0e6b037b94d",
        title="New Task",
        due=at("2018-04-17T17:00:00-05:00", CHICAGO),
        recurrence=rule("FREQ=DAILY"),
        created_at=utc("2018-04-17T21:27:58"),
    )
    assert found.due is not None
    assert found.due.at.utcoffset() == timedelta(hours=-5)  # type: ignore[union-attr]


def test_all_nine_are_here() -> None:
    assert len(list(FOLDER.glob("*.ics"))) == 9


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ics")), ids=lambda path: path.stem)
def test_line_ends_and_folds_change_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    plain = read("ics", text)
    assert read("ics", text.replace("\n", "\r\n")) == plain
    assert read("ics", text.replace("\n", "\r")) == plain
    folded = read("ics", text.replace("SUMMARY:", "SUM\r\n MARY\r\n\t:"))
    assert [entry.draft for entry in folded.drafts] == [entry.draft for entry in plain.drafts]
