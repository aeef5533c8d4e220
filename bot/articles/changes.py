"""What a publisher changed in an article: what a reader would care to know, or nothing.

A text that is extracted anew differs for many reasons that are no news: spaces, punctuation, a
link, how often it was read, how long ago it appeared. Such a change is no correction. Numbers in
sentences are: «12 погибших» became «13».
"""

import re
from collections import Counter
from collections.abc import Iterable

from bot.articles.blocks import block_text
from bot.articles.tidy import squeezed
from storage import Article, ArticleDraft, Block, BodyFrom

PARTS = ("title", "subheadline", "standfirst", "body")
"""The parts of an article that can be corrected, as a revision names them."""

# A paragraph that has no words but these counts something, or says when the page was updated.
_COUNT_WORDS = re.compile(
    r"""(?ix)
    просмотр\w* | прочитал\w* | прочтени\w* | читател\w* | коммент\w* | отзыв\w* | лайк\w*
  | репост\w* | поделил\w* | голос\w* | обновлен[оа]? | обновлён | сегодня | вчера | назад
  | сейчас | в | секунд\w* | минут\w* | час\w* | дн\w+ | день | тыс | млн
  | views? | reads? | readers? | comments? | likes? | shares? | shared | votes? | retweets?
  | updated | published | today | yesterday | ago | just | now | at | on | by
  | seconds? | minutes? | mins? | hours? | days? | k | m
    """
)
_WORD = re.compile(r"[^\W\d_]+")
# In an address that is shown as text.
_TRACKING = re.compile(r"(?<=[?&])(?:utm_\w+|fbclid|gclid|yclid|ysclid|erid|_openstat)=[^&\s]*")
_LONGEST_COUNT = 80  # characters


def changed_parts(old: Article, new: ArticleDraft) -> tuple[str, ...]:
    """Which of `PARTS` say something else now; empty where the change is none to speak of.

    A body that comes from the page where only the feed's was known is a fuller text, and so is the
    reverse a poorer one: neither corrects anything.
    """
    parts = [
        name
        for name in ("title", "subheadline", "standfirst")
        if _meaning(getattr(old, name)) != _meaning(getattr(new, name))
    ]
    if old.body_from is new.body_from is not BodyFrom.NONE and _said(old.body) != _said(new.body):
        parts.append("body")
    # What moved between standfirst and body is said as it was.
    if parts == ["standfirst", "body"] and _whole(old) == _whole(new):
        return ()
    return tuple(parts)


def _said(blocks: Iterable[Block]) -> Counter[str]:
    """What the blocks say, in whatever order, counters left out."""
    texts = (line for block in blocks for line in block_text(block).split("\n"))
    return Counter(said for text in texts if not _is_counter(text) if (said := _meaning(text)))


def _whole(article: Article | ArticleDraft) -> Counter[str]:
    said = _said(article.body)
    if standfirst := _meaning(article.standfirst):
        said[standfirst] += 1
    return said


def _meaning(text: str) -> str:
    return squeezed(_TRACKING.sub("", text)).replace("ё", "е")


def _is_counter(text: str) -> bool:
    return len(text) <= _LONGEST_COUNT and all(map(_COUNT_WORDS.fullmatch, _WORD.findall(text)))
