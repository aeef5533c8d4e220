"""The forms of a message: what each refusal costs, that the text is never among it, and an end."""

from dataclasses import replace
from itertools import product

import pytest

from bot.delivery.forms import Attempt, Lost, Message, first_attempt, message_of, next_attempt
from bot.messages.payloads import Payload
from bot.telegram.faults import Fault, FaultKind

PICTURE = "https://vestnik.example/bridge.jpg"
TEXT = Payload("<b>Мост</b>", "Мост", preview=PICTURE)
RICH = replace(
    TEXT,
    rich={
        "blocks": [
            {"type": "photo", "photo": {"type": "photo", "media": PICTURE}},
            {"type": "paragraph", "text": "Мост"},
        ]
    },
)

PUSH = message_of(TEXT)
DIGEST = message_of(RICH)
PHOTO = replace(PUSH, shot=replace(TEXT, photo=PICTURE)).with_file("AgACAgI")


def lost(attempt: Attempt, *kinds: FaultKind) -> tuple[list[Lost], Attempt]:
    """What a message goes without after these refusals, and how it goes then."""
    steps = []
    for kind in kinds:
        found = next_attempt(attempt, Fault(kind, "refused"))
        assert found is not None
        steps.append(found[0])
        attempt = found[1]
    return steps, attempt


@pytest.mark.parametrize(
    ("message", "file", "kinds", "steps"),
    [
        (PUSH, None, ["payload"], [Lost.MARKUP]),
        (PUSH, None, ["picture", "payload"], [Lost.PICTURE, Lost.MARKUP]),
        (PUSH, None, ["thread gone", "payload"], [Lost.THREAD, Lost.MARKUP]),
        (
            PHOTO,
            None,
            ["payload", "picture", "payload"],
            [Lost.PHOTO, Lost.PICTURE, Lost.MARKUP],
        ),
        (replace(PHOTO, photo=None), b"file", ["picture"], [Lost.PHOTO]),
        (PHOTO, None, ["no rights"], [Lost.BARRED_PHOTO]),
        (
            DIGEST,
            None,
            ["picture", "picture", "payload"],
            [Lost.PICTURE, Lost.RICH, Lost.MARKUP],
        ),
        (DIGEST, None, ["no rights"], [Lost.RICH]),
    ],
)
def test_a_refusal_costs_as_little_as_can_be(
    message: Message, file: bytes | None, kinds: list[str], steps: list[Lost]
) -> None:
    first = first_attempt(message, 7, file)
    assert lost(first, *map(FaultKind, kinds))[0] == steps


def test_the_best_form_goes_first() -> None:
    assert first_attempt(PUSH, 0).form is PUSH.marked
    assert first_attempt(DIGEST, 0).form is DIGEST.rich
    photo = first_attempt(PHOTO, 0)
    assert photo.form is PHOTO.photo
    assert photo.sent(5).photo
    plain = first_attempt(PHOTO.plainly(), 0)
    assert plain.form is PHOTO.plain
    assert (plain.picture, plain.shot, plain.sent(5).plain) == ("", None, True)


def test_without_its_picture_a_rich_message_is_rich_still() -> None:
    _, bare = lost(first_attempt(DIGEST, 0), FaultKind.PICTURE)
    assert bare.sent(5).rich
    assert PICTURE.encode() not in bare.form.body
    assert "Мост" in bare.form.body.decode()
    _, classic = lost(bare, FaultKind.PAYLOAD)
    assert classic.form is classic.message.marked
    assert PICTURE.encode() not in classic.form.body


def test_a_chat_without_photos_says_nothing_of_others() -> None:
    _, text = lost(first_attempt(PHOTO, 0), FaultKind.NO_RIGHTS)
    told = text.sent(5)
    assert (told.barred, told.photo, told.plain) == (True, False, False)
    assert text.picture == PICTURE, "the link preview is another matter"
    assert next_attempt(text, Fault(FaultKind.NO_RIGHTS, "no writing either")) is None


@pytest.mark.parametrize("message", [PUSH, DIGEST, PHOTO, PHOTO.plainly()])
def test_whatever_is_refused_it_ends_after_a_few_tries(message: Message) -> None:
    for kinds in product(FaultKind, repeat=4):
        attempt, tries = first_attempt(message, 7), 1
        for kind in (*kinds, *[FaultKind.PAYLOAD] * 6):
            found = next_attempt(attempt, Fault(kind, "refused"))
            if found is None:
                continue
            attempt, tries = found[1], tries + 1
        assert tries <= 6
        assert attempt.form is attempt.message.plain, "the text goes as it is in the end"
        assert next_attempt(attempt, Fault(FaultKind.PAYLOAD, "refused")) is None
