"""The canary: of messages that look alike, the first goes alone, and the others wait for it.

    form new ─▶ one goes, the others wait ─▶ it was taken    ─▶ all go
                                          ─▶ it came to naught ─▶ the next of them goes alone
                                          ─▶ no answer for long ─▶ one of them goes as well

So a message that Telegram refuses costs a request or two, and not one for each reader: what is
refused in its markup and taken as plain text goes as plain text to everybody, and what two chats
refuse in every form is stopped. It takes two, because a refusal that nobody knows the meaning of
may be the chat's own, and one odd chat must not keep the news from all others.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

_REMEMBERED = 1000  # forms taken, subjects refused: what is forgotten is tried anew
_CHATS_TO_STOP = 2


@dataclass(slots=True)
class _Trial:
    """Who waits for those that went first, and since when the last of these is on its way."""

    since: float
    waiting: deque[asyncio.Future[bool]] = field(default_factory=deque)


@dataclass(slots=True)
class _Subject:
    """What is known against a push or a broadcast."""

    plain: bool = False
    refused_by: set[int] = field(default_factory=set)
    reason: str = ""


class Canaries:
    """Who goes first. A *subject* is what is sent to many; a *form*, one rendering of it."""

    def __init__(self) -> None:
        self._taken: OrderedDict[Hashable, None] = OrderedDict()
        self._trials: dict[Hashable, _Trial] = {}
        self._subjects: OrderedDict[Hashable, _Subject] = OrderedDict()

    def taken(self, form: Hashable) -> bool:
        """Whether a message of this form was taken by Telegram."""
        return form in self._taken

    async def role(self, form: Hashable, *, patience: float) -> bool:
        """True: go first, and say `came_back` whatever happens. False: somebody did, and well.

        Waits for the one that goes first, at most `patience` seconds: then one of those who wait
        goes too, since a chat that does not answer says nothing of the form, and the others meet
        TimeoutError.
        """
        if form in self._taken:
            return False
        loop = asyncio.get_running_loop()
        trial = self._trials.get(form)
        if trial is None:
            self._trials[form] = _Trial(loop.time())
            return True
        place: asyncio.Future[bool] = loop.create_future()
        trial.waiting.append(place)
        try:
            async with asyncio.timeout(patience):
                return await place
        except TimeoutError:
            if place.done() and not place.cancelled():  # called in the moment of giving up
                return place.result()
            if self._trials.get(form) is trial and loop.time() - trial.since >= patience:
                trial.since = loop.time()
                return True
            raise
        except BaseException:
            # Called to go first in the very moment of giving up: the next one is called instead.
            if place.done() and not place.cancelled() and place.result():
                self.came_back(form, taken=False)
            raise

    def came_back(self, form: Hashable, *, taken: bool) -> None:
        """The one that went first was taken, or came to naught: the next one goes first."""
        trial = self._trials.get(form)
        waiting = trial.waiting if trial is not None else deque[asyncio.Future[bool]]()
        if taken:
            self._taken[form] = None
            while len(self._taken) > _REMEMBERED:
                self._taken.popitem(last=False)
        while waiting:
            place = waiting.popleft()
            if not place.done():
                place.set_result(not taken)
                if not taken:
                    if trial is not None:
                        trial.since = place.get_loop().time()
                    return
        self._trials.pop(form, None)

    def plain(self, subject: Hashable) -> bool:
        """Whether the subject goes as plain text."""
        known = self._subjects.get(subject)
        return known is not None and known.plain

    def goes_plain(self, subject: Hashable) -> bool:
        """Its markup was refused and its plain text taken; True where that is new."""
        known = self._known(subject)
        new, known.plain = not known.plain, True
        return new

    def refused(self, subject: Hashable, chat_id: int, reason: str) -> bool:
        """A chat's message was refused in every form; True where that stops the subject."""
        known = self._known(subject)
        before = len(known.refused_by)
        known.refused_by.add(chat_id)
        known.reason = reason
        return before < _CHATS_TO_STOP <= len(known.refused_by)

    def stopped(self, subject: Hashable) -> str:
        """Why nothing more of the subject is sent; empty where it goes on."""
        known = self._subjects.get(subject)
        stopped = known is not None and len(known.refused_by) >= _CHATS_TO_STOP
        return known.reason if known is not None and stopped else ""

    def _known(self, subject: Hashable) -> _Subject:
        known = self._subjects.setdefault(subject, _Subject())
        while len(self._subjects) > _REMEMBERED:
            self._subjects.popitem(last=False)
        return known
