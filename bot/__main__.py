"""The command line: `newsboy …`, the same as `python -m bot …`.

Only names, arguments and help stand here; each command imports its room in `bot.commands` when it
is called, so that `--help` and `version` answer at once. Failures that an operator can mend leave
as one line on stderr: exit status 2 for a wrong setting or argument, 1 for everything else.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

cli = typer.Typer(
    name="newsboy",
    help="A self-hosted Telegram news bot. Settings come from the environment or from .env.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # they print local variables, the token among them
    context_settings={"help_option_names": ["-h", "--help"]},
)
feed = typer.Typer(
    help="Add, list, remove and check feeds.", no_args_is_help=True, rich_markup_mode=None
)
cli.add_typer(feed, name="feed")

FeedUrl = Annotated[str, typer.Argument(metavar="URL", help="The feed's address.")]


@cli.command()
def run() -> None:
    """Run the bot until Ctrl-C or SIGTERM.

    \b
    Examples:
      newsboy run
      LOG_LEVEL=DEBUG newsboy run
    """
    from bot.commands.run import run as command

    command()


@cli.command()
def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The chat page's port; 0: any that is free.")
    ] = 0,
    every: Annotated[
        float, typer.Option(min=0.5, help="Seconds between two new articles of the newspaper.")
    ] = 30,
) -> None:
    """Run the bot against a sandbox and a sample newspaper, and print the page to open.

    Needs neither a token nor the network. Ctrl-C stops all of it.

    \b
    Examples:
      newsboy demo
      newsboy demo --port 8000 --every 5
    """
    from bot.commands.demo import demo as command

    command(port=port, every=every)


@cli.command()
def fetch(
    everything: Annotated[
        bool, typer.Option("--all", help="Every feed, not only those that are due.")
    ] = False,
) -> None:
    """Read the feeds that are due once, and show what came from where.

    Exit status 1 if every feed failed.

    \b
    Examples:
      newsboy fetch
      newsboy fetch --all
    """
    from bot.commands.fetch import fetch as command

    command(everything=everything)


@feed.command("add")
def feed_add(url: FeedUrl) -> None:
    """Add a feed: its own address, or that of a site which names its feed.

    \b
    Examples:
      newsboy feed add https://example.org/rss.xml
      newsboy feed add example.org
    """
    from bot.commands.feeds import add

    add(url)


@feed.command("list")
def feed_list() -> None:
    """List the feeds, with their freshness and their last error.

    \b
    Example:
      newsboy feed list
    """
    from bot.commands.feeds import list_feeds

    list_feeds()


@feed.command("remove")
def feed_remove(url: FeedUrl) -> None:
    """Stop polling a feed; its articles stay.

    It stays removed, even where FEEDS names it, until it is added by command.

    \b
    Example:
      newsboy feed remove https://example.org/rss.xml
    """
    from bot.commands.feeds import remove

    remove(url)


class Mode(StrEnum):
    """How much of a publisher's articles readers see."""

    FULL = "full"
    SUMMARY = "summary"
    HEADLINE = "headline"


@feed.command("mode")
def feed_mode(
    url: FeedUrl, mode: Annotated[Mode, typer.Argument(help="How much of its articles is shown.")]
) -> None:
    """Choose what readers see of a feed's publisher, as its terms of use demand.

    \b
    Examples:
      newsboy feed mode https://example.org/rss.xml summary
      newsboy feed mode https://example.org/rss.xml full
    """
    from bot.commands.feeds import mode as command
    from storage import Reading

    command(url, Reading(mode.value))


@feed.command("check")
def feed_check(url: FeedUrl) -> None:
    """Show what would be stored from a feed, and store nothing.

    \b
    Example:
      newsboy feed check https://example.org/rss.xml
    """
    from bot.commands.feeds import check

    check(url)


@cli.command("import")
def import_archive(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A JSON Lines file, or a folder of saved pages.")
    ],
    source: Annotated[
        str, typer.Option(metavar="DOMAIN", help="The publisher, where records name no address.")
    ] = "",
) -> None:
    """Fill the archive: articles to be found and listed, of which nothing is pushed.

    Interrupted, it goes on where it was when it is called again. What is known already is passed
    over. A line of the file is an object with "title", "published", "url" and "text" (or "html");
    .gz files are read as they are.

    \b
    Examples:
      newsboy import archive.jsonl
      newsboy import saved-pages/ --source example.org
    """
    from bot.commands.archive import import_archive as command

    command(path, source)


@cli.command()
def show(
    article: Annotated[int, typer.Argument(metavar="ID", min=1, help="The article's number.")],
) -> None:
    """Print an article.

    \b
    Examples:
      newsboy show 123
      newsboy show 123 | less
    """
    from bot.commands.show import show as command

    command(article)


@cli.command()
def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: all of it as JSON.")
    ] = False,
) -> None:
    """Show how the delivery does: readers, what is owed, pauses, lateness, failures.

    Works beside a running bot.

    \b
    Examples:
      newsboy status
      newsboy status --json | jq .lag_seconds
    """
    from bot.commands.status import status as command

    command(as_json=as_json)


@cli.command()
def doctor() -> None:
    """Check settings, token, database, disk and every feed.

    Each fault comes with a remedy; exit status 1 if there is any.

    \b
    Example:
      newsboy doctor
    """
    from bot.commands.doctor import doctor as command

    command()


@cli.command()
def backup(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Where the copy goes.")],
) -> None:
    """Write a consistent copy of the database, beside a running bot too.

    \b
    Examples:
      newsboy backup /var/backups/newsboy.db
      newsboy backup "newsboy-$(date +%F).db"
    """
    from bot.commands.backup import backup as command

    command(path)


@cli.command()
def restore(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The copy to put in place.")],
) -> None:
    """Put a backup in the database's place.

    The copy is checked first, and the present file is kept aside. Refuses while the bot runs.

    \b
    Example:
      newsboy restore /var/backups/newsboy.db
    """
    from bot.commands.backup import restore as command

    command(path)


@cli.command()
def version() -> None:
    """Print the versions of newsboy and Python.

    \b
    Example:
      newsboy version
    """
    from bot.commands.version import version as command

    command()


def main() -> None:
    """The console script's entry; ends the process with the command's exit status."""
    try:
        cli()
    except Exception as error:  # what an operator can mend is a line; a bug is raised again
        from bot.commands.terminal import explain

        message, status = explain(error)
        if message is None:
            raise
        print(f"newsboy: {message}", file=sys.stderr)  # noqa: T201  # a command line prints
        sys.exit(status)


if __name__ == "__main__":
    main()
