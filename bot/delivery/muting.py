"""Muting, with what is on its way already: it was matched against what readers muted until then."""

from bot.delivery.matching import phrase_keys
from storage import FollowKind, Mute, Storage


async def mute(storage: Storage, wanted: Mute) -> None:
    """Mute something; words hold for the pushes that wait for the reader, too."""
    await storage.subscribers.mute(wanted)
    if wanted.kind is not FollowKind.WORDS:
        return  # every push knows its own topic, source and story
    waiting = await storage.owing.waiting(wanted.subscriber_id)
    texts = await storage.articles.words_of([article for _push, article in waiting])
    met = [
        push
        for push, article in waiting
        if article in texts and phrase_keys([wanted.key], *texts[article])
    ]
    if met:
        await storage.owing.meet(met, (wanted.kind, wanted.key))
