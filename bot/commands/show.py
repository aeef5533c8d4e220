"""`newsboy show`: a stored article in the terminal, body blocks and all.

Record → rich renderables, one a block (pure), printed at a width that reads well.
"""

import asyncio
from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.table import Table as Grid
from rich.text import Text

from bot.commands.terminal import clean, console, local_time, read_settings
from bot.config import Settings
from storage import (
    Article,
    Block,
    BodyFrom,
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Span,
    Storage,
    Table,
)

WIDTH = 88
BODY_FROM = {
    BodyFrom.PAGE: "the text is from the page",
    BodyFrom.FEED: "the text is from the feed",
    BodyFrom.NONE: "no text",
}


def show(article_id: int) -> None:
    """Print the article; raises NotFoundError where there is none."""
    settings = read_settings("WARNING")

    async def read() -> Article:
        async with Storage.open_readonly(settings.database) as storage:
            return await storage.articles.get(article_id)

    article = asyncio.run(read())
    screen = console()
    width = min(screen.width, WIDTH)
    for part in render(article, settings):
        screen.print(part, width=width)


def render(article: Article, settings: Settings) -> Iterator[RenderableType]:
    """The article, part by part, with an empty line between two of them."""
    yield Text(clean(article.title), style="bold")
    if article.subheadline:
        yield Text(clean(article.subheadline), style="italic")
    facts = [article.source, local_time(article.published, settings), article.author]
    facts += [article.rubric or article.topic.value, *article.labels]
    yield Text(clean(" · ".join(fact for fact in facts if fact)), style="dim")
    yield Text(clean(article.url), style=Style(dim=True, link=_link(article.url)))
    if article.standfirst or article.summary:
        yield Text("")
        yield Text(clean(article.standfirst or article.summary), style="bold")
    for block in article.body:
        yield Text("")
        yield _block(block)
    yield Text("")
    end = f"№ {article.id}, revision {article.revision}, {article.state}"
    end += f"; {BODY_FROM[article.body_from]}"
    if article.page_error:
        end += f"; the page: {article.page_error}"
    yield Text(clean(end), style="dim")


def _block(block: Block) -> RenderableType:
    match block:
        case Paragraph():
            return _spans(block.spans)
        case Heading():
            return Text(clean(block.text), style="bold underline")
        case Quote():
            lines = [_spans(paragraph) for paragraph in block.paragraphs]
            if block.credit:
                lines.append(Text(f"— {clean(block.credit)}", style="dim"))
            return Padding(Text("\n").join(lines), (0, 0, 0, 4))
        case ListBlock():
            marks = (f"{n}. " if block.ordered else "• " for n in range(1, len(block.items) + 1))
            return Text("\n").join(
                Text(mark) + _spans(item) for mark, item in zip(marks, block.items, strict=True)
            )
        case PictureBlock():
            about = " · ".join(filter(None, (block.caption, block.credit)))
            return Text(clean(f"[{about or 'picture'}] {block.url}"), style="dim")
        case Table():
            return _table(block)
        case Preformatted():
            return Text("\n".join(clean(line) for line in block.text.splitlines()))
        case Embed():
            return Text(clean(f"[{block.label}] {block.link}"), style="dim")


def _spans(spans: Iterable[Span]) -> Text:
    text = Text()
    for span in spans:
        style = Style(bold=span.bold, italic=span.italic, link=_link(span.link))
        text.append(clean(span.text), style=style)
    return text


def _link(address: str | None) -> str | None:
    """The target of a terminal hyperlink, a code of its own that odd signs would end early."""
    return address if address and address.isascii() and address.isprintable() else None


def _table(block: Table) -> Grid:
    grid = Grid(show_header=block.header)
    width = max((len(row) for row in block.rows), default=0)
    rows = [[clean(cell) for cell in row] + [""] * (width - len(row)) for row in block.rows]
    for cell in rows[0] if block.header and rows else [""] * width:
        grid.add_column(Text(cell))
    for row in rows[1:] if block.header else rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid
