"""Articles that go into other people's chats: inline results (Bot API, inline mode).

What is shared must read well where the bot is not: title, a sentence or two, the source as the
link out, and one button that opens the article in the bot. Buttons that change the message would
let anybody change it for all, so there are none. Classic alone: some clients fail to send rich
inline results.
"""

from dataclasses import dataclass

from bot.messages import links
from bot.messages.lists import shown_title
from bot.messages.markup import Passage, Run, clean, clip, line, payload, web_link
from bot.messages.payloads import Button, Payload
from bot.messages.texts import Texts, Viewer
from storage import Headline

_TITLE = 120  # characters of a result's title that clients show
_ABOUT = 160
_SUMMARY = 600


@dataclass(frozen=True, slots=True)
class Shared:
    """An inline result: what the list of results shows, and the message that choosing it sends.

    `id` names it among its list's; `picture` is the address of a small picture, "" for none.
    """

    id: str
    title: str
    about: str
    picture: str
    payload: Payload


def shared(headline: Headline, viewer: Viewer) -> Shared:
    """Return an article as an inline result."""
    texts = viewer.texts
    source = clip(clean(headline.source) or headline.source_domain, 60)
    when = texts.moment(headline.published, viewer.now, viewer.zone)
    summary = clip(clean(headline.summary), _SUMMARY)
    title = shown_title(headline, viewer)
    passages = [line(Run(title, bold=True))]
    if summary:
        passages.append(line(summary, tight=False))
    # Whoever reads it may do so days later and anywhere: the date stands with the time.
    moment = Run(
        texts.moment(headline.published, viewer.now, viewer.zone),
        unix=int(headline.published.timestamp()),
        form="Dt",
    )
    passages.append(Passage((Run(source, link=web_link(headline.url)), Run(" · "), moment)))
    link = links.article(viewer.bot, headline.article_id)
    keyboard = ((Button(texts.gettext("Read in the bot"), url=link),),) if link else ()
    picture = web_link(headline.image_url or "")
    return Shared(
        id=f"a{headline.article_id}",
        title=clip(title, _TITLE),
        about=clip(f"{source} · {when}" + (f"\n{summary}" if summary else ""), _ABOUT),
        picture=picture,
        payload=payload(passages, keyboard, preview=picture),
    )


def open_bot(texts: Texts) -> str:
    """Return the button above the results for who may not use the bot, or is not known to it."""
    return texts.gettext("Open the bot")


def nothing_found(texts: Texts) -> str:
    """Return the button in place of results; it opens the bot."""
    return texts.gettext("Nothing found · open the bot")
