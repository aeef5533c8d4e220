"""A link into the bot opens what it names: an article, a topic's or source's news, a search."""

from bot.handlers.answering import Answer
from bot.handlers.articles import show_card
from bot.handlers.desk import Desk, Reader
from bot.handlers.reading import latest_page
from bot.handlers.searching import search_for
from bot.messages.callbacks import Latest
from bot.messages.links import Link, OpenArticle, OpenSearch, OpenSource, OpenTopic


async def open_link(desk: Desk, reader: Reader, answer: Answer, link: Link) -> None:
    """Answer with what the link names; what is gone is said to be gone."""
    match link:
        case OpenArticle(article):
            await show_card(desk, reader, answer, article)
        case OpenTopic(topic):
            await answer.say(await latest_page(desk, reader, Latest(topic=topic.value)))
        case OpenSource(source):
            await answer.say(await latest_page(desk, reader, Latest(source=source)))
        case OpenSearch(words):
            await search_for(desk, reader, answer, words)
