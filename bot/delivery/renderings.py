"""Renderings: what goes to many is made once for all readers alike, and their pictures with it.

    claim ─▶ rendered before, and fresh? ─▶ the same once more
                                         └▶ article ─▶ rendered ─▶ its photo's id ─▶ kept

A picture that Telegram takes or refuses changes what is kept, so that those who come after are
sent what the first one taught.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.digest import Digests
from bot.delivery.forms import Message, message_of
from bot.delivery.photos import Photos
from bot.messages import broadcasts, classic
from bot.messages.payloads import Payload
from storage import Claim, Storage, StorageError

log = logging.getLogger(__name__)

_KEPT = 256
_FRESH_FOR = timedelta(seconds=30)


class Renderings:
    """Messages that go to many, by form. `clock` gives aware UTC datetimes."""

    def __init__(
        self,
        storage: Storage,
        digests: Digests,
        photos: Photos | None,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        """With `photos` a push's picture is a photo."""
        self._storage = storage
        self._digests = digests
        self._photos = photos
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[datetime, Message]] = OrderedDict()
        self._condemning = asyncio.Lock()

    async def push(self, form: Hashable, article_id: int, claim: Claim) -> Message:
        """A push or a channel's post; raises NotFoundError where the article is no more."""
        now = self._clock()
        found = self._kept.get(form)
        if found is not None and now - found[0] < _FRESH_FOR:
            return found[1]
        article = await self._storage.articles.get(article_id)
        viewer = self._digests.viewer(claim.subscriber, now)
        post = claim.edition is not None

        def shown(*, photo: bool) -> Payload:
            if post:
                return classic.post(article, viewer, photo=photo, words=claim.words)
            return classic.push(article, viewer, photo=photo)

        made = message_of(shown(photo=False))
        if self._photos is not None:
            shot = shown(photo=True)
            if shot.photo:
                file_id = await self._photos.file_id(shot.photo)
                made = replace(made, shot=shot, owner=article.owner).with_file(file_id)
        return self._keep(form, made)

    def broadcast(self, form: Hashable, claim: Claim) -> Message:
        """The operator's own words, as they are, below a line in the reader's language."""
        found = self._kept.get(form)
        if found is not None:
            return found[1]
        viewer = self._digests.viewer(claim.subscriber, self._clock())
        return self._keep(form, message_of(broadcasts.broadcast(claim.text, viewer.texts)))

    @asynccontextmanager
    async def uploading(
        self, message: Message, shot: Payload
    ) -> AsyncIterator[tuple[Message, bytes | None]]:
        """The message with its picture's id, or the file to take along where there is none yet.

        Who comes second waits for the first one's upload, and finds the id.
        """
        if self._photos is None:
            raise RuntimeError("a photo without the means to make one")
        async with self._photos.turn(shot.photo):
            file, file_id = None, await self._photos.file_id(shot.photo)
            if file_id is not None:
                self._name_photo(shot.photo, file_id)
            else:
                file = await self._photos.file(shot.photo, message.owner)
            yield message.with_file(file_id), file

    async def uploaded(self, url: str, file_id: str) -> None:
        """Telegram has the picture's file under this id."""
        self._name_photo(url, file_id)
        if self._photos is not None:
            with suppress(StorageError):  # known while the bot runs; the tick says what is wrong
                await self._photos.uploaded(url, file_id)

    async def photo_refused(self, url: str, *, uploaded: bool) -> None:
        """The picture is no photo for Telegram, or its id means nothing: a link preview instead."""
        log.debug("Telegram takes no photo of %s: it goes as a link preview", url)
        self._name_photo(url, None)
        if self._photos is not None:
            self._photos.refused(url)
            if not uploaded:
                await self._photos.forget(url)

    async def condemn(self, picture: str) -> None:
        """Telegram cannot show the picture: nobody is sent it from now on."""
        async with self._condemning:  # what is on the wire comes back with the same refusal
            for form, (_, made) in tuple(self._kept.items()):
                if made.payload.preview == picture:
                    del self._kept[form]
            known = await self._storage.pictures.known(picture)
            if known is None or not known.bad:
                log.debug("Telegram refuses a picture: %s", picture)
                await self._storage.pictures.mark_bad(picture, self._clock())

    def _keep(self, form: Hashable, made: Message) -> Message:
        self._kept[form] = (self._clock(), made)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made

    def _name_photo(self, url: str, file_id: str | None) -> None:
        """From now on the picture goes by this id; by none: as a link preview."""
        for form, (at, made) in tuple(self._kept.items()):
            if made.shot is not None and made.shot.photo == url:
                self._kept[form] = (at, made.with_file(file_id))
