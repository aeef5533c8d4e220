"""Open questions: answered once, by who was asked, in the message that asks now."""

from dataclasses import replace

from storage import Prompt, Storage
from tests.storage.newsroom import MINUTE, NOW, reader


async def test_a_question_is_answered_once_by_who_was_asked(storage: Storage) -> None:
    made = await reader(storage)
    prompt = Prompt(made.id, 11, "city", 5, NOW)
    await storage.questions.ask(prompt)
    await storage.questions.ask(replace(prompt, kind="words", message_id=6, asked=NOW + MINUTE))
    assert await storage.questions.answer(made.id, 12) is None
    assert await storage.questions.answer(made.id, 11) == Prompt(
        made.id, 11, "words", 6, NOW + MINUTE
    )
    assert await storage.questions.answer(made.id, 11) is None


async def test_a_question_moves_to_another_message_while_it_waits(storage: Storage) -> None:
    made = await reader(storage)
    asked = Prompt(made.id, 11, "city", 5, NOW)
    await storage.questions.ask(asked)
    await storage.questions.moved(asked, 8)
    assert await storage.questions.answer(made.id, 11) == replace(asked, message_id=8)
    await storage.questions.moved(asked, 9)  # answered by now
    assert await storage.questions.waiting(made.id, 11) is None
    later = replace(asked, kind="words", asked=NOW + MINUTE)
    await storage.questions.ask(later)
    await storage.questions.moved(asked, 9)  # another one by now
    assert await storage.questions.waiting(made.id, 11) == later
