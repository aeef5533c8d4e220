"""Which words of an article the search index holds: its title's, and those of its whole text.

The newsroom writes them with each article, and an index rebuilt for a new normaliser must hold the
very same.
"""

from bot.words.normaliser import Normaliser


def index_words(
    normaliser: Normaliser,
    *,
    title: str,
    subheadline: str,
    standfirst: str,
    summary: str,
    text: str,
) -> tuple[str, str]:
    """(title, body) for the index, normalised; `text` is the body as plain text."""
    return (
        normaliser.text(title),
        normaliser.text(f"{subheadline} {standfirst or summary} {text}"),
    )
