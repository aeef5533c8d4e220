"""One article: its card and its whole text, by command, by reply and by button.

«Читать» makes the pressed message show the text where that fits one message; else the text comes
part by part as replies to it, and the message becomes a card whose «Свернуть» deletes the parts.
What a push shows is noted in its line of the ledger.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.articles.related import related
from bot.handlers.answering import Answer, RichRefusedError
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed, keeps
from bot.messages import classic, keyboards, lists, notices, rich
from bot.messages.callbacks import (
    Card,
    Collapse,
    HideMenu,
    Read,
    Related,
    RichOffer,
    Save,
    Tellers,
    Unsave,
    pack,
    parse,
)
from bot.messages.payloads import Payload
from storage import (
    Article,
    Delivery,
    Layout,
    NotFoundError,
    View,
)

RELATED = 6  # headlines
_FULL = re.compile(r"full_(\d{1,18})", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


def make_router(desk: Desk) -> Router:
    """Return the router of single articles."""
    router = Router(name="articles")
    # (chat, message, article) whose text is on its way
    opening: set[tuple[int, int | None, int]] = set()

    @router.message(Command("summary", ignore_case=True))
    async def summary(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        article_id = await _asked_for(desk, reader, message, command.args)
        if article_id is None:
            await answer.tell(notices.needs_id(reader.texts, "summary"))
            return
        await show_card(desk, reader, answer, article_id)

    @router.message(Command("full", _FULL, ignore_case=True))
    async def full(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        named = command.regexp_match[1] if command.regexp_match else command.args
        article_id = await _asked_for(desk, reader, message, named)
        if article_id is None:
            await answer.tell(notices.needs_id(reader.texts, "full"))
            return
        article = await find(desk, reader, article_id)
        if article is None:
            await answer.tell(notices.gone(reader.texts))
            return
        await send_text(desk, reader, answer, article)

    @router.callback_query(Pressed(Read))
    async def read(query: CallbackQuery, pressed: Read, reader: Reader, answer: Answer) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        parts = texts_of(article, reader)
        if len(parts) == 1 and answer.can_become(parts[0]):
            try:
                await answer.turn(await with_saved(desk, reader, parts[0], article))
            except RichRefusedError:
                parts = classic.full(article, reader.viewer)
            else:
                await note_view(desk, reader, answer, View.FULL)
                return
        if len(parts) == 1 and answer.can_become(parts[0]):
            await answer.turn(await with_saved(desk, reader, parts[0], article))
            await note_view(desk, reader, answer, View.FULL)
            return
        await answer.toast()
        pressed_one = (answer.chat_id, answer.message_id, article.id)
        if pressed_one in opening:
            return  # an impatient second press: one copy of a long text will do
        opening.add(pressed_one)
        try:
            # Or a late one: the text stands below already, the press had crossed with the card.
            delivery = await _delivery(desk, reader, answer.message_id)
            sent = delivery.parts if delivery is not None and delivery.view is View.FULL else ()
            if not sent:
                sent = await _send_parts(
                    desk, answer, reader, article, parts, below=answer.message_id
                )
            if answer.message_id is None and not answer.alone:
                return  # too old to be a card above the text, which folds by itself
            folded = classic.folded(article, reader.viewer, sent, caption=answer.captioned)
            await answer.turn(await with_saved(desk, reader, folded, article))
            await note_view(desk, reader, answer, View.FULL, sent)
        finally:
            opening.discard(pressed_one)

    @router.callback_query(Pressed(Card))
    async def card(query: CallbackQuery, pressed: Card, reader: Reader, answer: Answer) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        shown = classic.card(article, reader.viewer, caption=answer.captioned)
        await answer.turn(await with_saved(desk, reader, shown, article))
        await note_view(desk, reader, answer, View.CARD)

    @router.callback_query(Pressed(Collapse))
    async def collapse(
        query: CallbackQuery, pressed: Collapse, reader: Reader, answer: Answer
    ) -> None:
        article = await find(desk, reader, pressed.article)
        delivery = await _delivery(desk, reader, answer.message_id)
        parts = set(pressed.parts)
        above = _card_above(query, answer)
        if above is not None and answer.message_id is not None:
            parts.add(answer.message_id)
            delivery = await _delivery(desk, reader, above.message_id)
        # Callback data can be forged: what a member names must not cost a group its messages. A
        # text's own parts it may: those of the ledger, and of texts that were sent on request.
        if not await keeps(answer.bot, reader, answer.chat_id):
            known = set(delivery.parts) if delivery else set()
            known |= _offered(query, answer)
            parts &= known
        if delivery is not None:
            parts.update(delivery.parts)  # a button may not hold all of them
        if article is not None:
            # First the card: should the deletion fail, the text is only longer on the screen.
            captioned = bool(above.photo) if above is not None else answer.captioned
            shown = classic.card(article, reader.viewer, caption=captioned)
            await answer.turn(
                await with_saved(desk, reader, shown, article),
                above.message_id if above is not None else None,
                captioned=captioned,
            )
        if not await answer.delete(sorted(parts)):
            await answer.toast(notices.collapsed_old(reader.texts))
        elif article is None:
            await answer.toast(notices.gone(reader.texts))
        if delivery is not None:
            await desk.storage.outbox.show(delivery.id, View.CARD, ())

    @router.callback_query(Pressed(Related))
    async def see_related(
        query: CallbackQuery, pressed: Related, reader: Reader, answer: Answer
    ) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        found = await related(
            desk.storage,
            desk.normaliser,
            article,
            now=reader.viewer.now,
            limit=RELATED,
            reader=reader.subscriber.id,
        )
        await answer.toast()
        shown = lists.related(article, found, reader.viewer)
        if _holds_parts(query):
            # In the place of one part of a long text it would tear the text apart.
            await answer.say(shown)
        else:
            await turn_aside(desk, reader, answer, shown)

    @router.callback_query(Pressed(Tellers))
    async def tellers(
        query: CallbackQuery, pressed: Tellers, reader: Reader, answer: Answer
    ) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        telling = await desk.storage.articles.telling(article.story_id)
        others = [one for one in telling if one.source_domain != article.source_domain]
        await turn_aside(desk, reader, answer, lists.tellers(article, others, reader.viewer))

    @router.callback_query(Pressed(RichOffer))
    async def offer(
        query: CallbackQuery, pressed: RichOffer, reader: Reader, answer: Answer
    ) -> None:
        await answer.toast()
        try:
            await answer.say(rich.sample(reader.viewer, pressed.article))
        except RichRefusedError:
            await answer.tell(notices.rich_off(reader.texts))

    return router


async def send_text(desk: Desk, reader: Reader, answer: Answer, article: Article) -> None:
    """Send an article's whole text, in as many messages as it needs."""
    parts = texts_of(article, reader)
    if len(parts) > 1:
        await _send_parts(desk, answer, reader, article, parts)
        return
    try:
        await answer.say(await with_saved(desk, reader, parts[0], article))
    except RichRefusedError:
        await _send_parts(desk, answer, reader, article, classic.full(article, reader.viewer))


async def find(desk: Desk, reader: Reader, article_id: int) -> Article | None:
    """The article, where it is still kept and the reader may see it."""
    try:
        article = await desk.storage.articles.get(article_id)
    except NotFoundError:
        return None
    return article if article.owner in (None, reader.subscriber.id) else None


async def show_card(desk: Desk, reader: Reader, answer: Answer, article_id: int) -> None:
    """Send an article's card, or say that it is gone."""
    article = await find(desk, reader, article_id)
    if article is None:
        await answer.tell(notices.gone(reader.texts))
    else:
        shown = classic.card(article, reader.viewer)
        await answer.say(await with_saved(desk, reader, shown, article))


async def with_saved(desk: Desk, reader: Reader, shown: Payload, article: Article) -> Payload:
    """The message with «✓ Отложено» where its reader keeps the article, but in a group.

    Where the story stands in a public channel of the bot's, it leads to the discussion too.
    """
    post = await desk.storage.editions.discussion(article.story_id)
    if post is not None:
        shown = keyboards.with_discussion(shown, *post, reader.texts)
    if reader.group or not await desk.storage.saved.holds(reader.person_id, article.id):
        return shown
    return keyboards.with_saved(shown, article.id, reader.texts)


def texts_of(article: Article, reader: Reader) -> tuple[Payload, ...]:
    """The whole text in the reader's layout."""
    if reader.subscriber.layout is Layout.RICH and reader.subscriber.rich_confirmed:
        return rich.full(article, reader.viewer)
    return classic.full(article, reader.viewer)


def _may_read_rich(article: Article, reader: Reader) -> bool:
    """Whether to offer the layout that would bring the text in fewer messages: never in a group,
    whose members see different things, and once.
    """
    asked = reader.group or reader.subscriber.rich_confirmed or reader.subscriber.rich_offered
    return not asked and len(rich.full(article, reader.viewer)) == 1


async def _send_parts(
    desk: Desk,
    answer: Answer,
    reader: Reader,
    article: Article,
    parts: Sequence[Payload],
    below: int | None = None,
) -> tuple[int, ...]:
    """Send a text's parts, as replies to the message `below`; the last one folds them all."""
    sent: list[int] = []
    offers = False
    try:
        for index, part in enumerate(parts):
            if index == len(parts) - 1:
                onward = part.rich is None
                folding = keyboards.full(article, reader.viewer, tuple(sent), onward=onward)
                offers = onward and len(parts) > 1 and _may_read_rich(article, reader)
                if offers:
                    folding += keyboards.rich_offer(article, reader.texts)
                part = replace(part, keyboard=folding)
                part = await with_saved(desk, reader, part, article)
            if message_id := await answer.say(part, reply_to=below):  # whispers have none
                sent.append(message_id)
    except RichRefusedError:
        await answer.delete(sent)  # half a text in one layout, and all of it in the other
        return await _send_parts(
            desk, answer, reader, article, classic.full(article, reader.viewer), below
        )
    if offers:
        await desk.storage.subscribers.change(reader.subscriber.id, rich_offered=True)
    return tuple(sent)


async def _asked_for(desk: Desk, reader: Reader, message: Message, named: str | None) -> int | None:
    """The article that a command names by its number, or by replying to a message about it."""
    if named:
        return int(named.strip()) if _NUMBER.fullmatch(named.strip()) else None
    replied = message.reply_to_message
    if replied is None:
        return None
    delivery = await _delivery(desk, reader, replied.message_id)
    if delivery is not None and delivery.article_id is not None:
        return delivery.article_id
    # Cards and texts sent on request are not in the ledger, but their buttons know the article.
    for row in replied.reply_markup.inline_keyboard if replied.reply_markup else ():
        for button in row:
            pressed = parse(button.callback_data)
            if isinstance(pressed, Read | Card | Collapse | HideMenu | Save | Unsave):
                return pressed.article
    return None


async def _delivery(desk: Desk, reader: Reader, message_id: int | None) -> Delivery | None:
    if message_id is None:
        return None
    return await desk.storage.outbox.by_message(reader.subscriber.id, message_id)


async def note_view(
    desk: Desk, reader: Reader, answer: Answer, view: View, parts: Sequence[int] = ()
) -> None:
    """Note in the ledger what the pressed push shows now."""
    delivery = await _delivery(desk, reader, answer.message_id)
    if delivery is not None:
        await desk.storage.outbox.show(delivery.id, view, parts)


async def turn_aside(desk: Desk, reader: Reader, answer: Answer, shown: Payload) -> None:
    """Show what an article's button opens in its place: no correction takes it away."""
    if await answer.turn(shown) is None:  # else it came as a message of its own
        await note_view(desk, reader, answer, View.ASIDE)


def _folding(query: CallbackQuery) -> Collapse | None:
    """What «Свернуть» under the pressed message folds, as Telegram says that it stands there."""
    shown = query.message.reply_markup if isinstance(query.message, Message) else None
    for row in shown.inline_keyboard if shown else ():
        for button in row:
            pressed = parse(button.callback_data)
            if isinstance(pressed, Collapse):
                return pressed
    return None


def _offered(query: CallbackQuery, answer: Answer) -> set[int]:
    """The messages that the pressed button itself names: a forged one stands under no message."""
    folding = _folding(query)
    if folding is None or answer.message_id is None or pack(folding) != query.data:
        return set()
    return {*folding.parts, answer.message_id}


def _holds_parts(query: CallbackQuery) -> bool:
    """Whether the pressed message is one of several that a text stands in, or their card."""
    folding = _folding(query)
    return folding is not None and bool(folding.parts)


def _card_above(query: CallbackQuery, answer: Answer) -> Message | None:
    """Our own message that the pressed one replies to: the text's card."""
    if answer.message_id is None or not isinstance(query.message, Message):
        return None
    above = query.message.reply_to_message
    if above is None or above.from_user is None or above.from_user.id != answer.bot.id:
        return None
    return above
