"""Reading elements of a web page, for those who look for feeds and posts in it."""

import turbohtml


def attribute(element: turbohtml.Element | None, name: str) -> str:
    """An attribute's text, "" where there is none; a list (rel, class) is joined again."""
    value = element.attrs.get(name) if element is not None else None
    return (value if isinstance(value, str) else " ".join(value or ())).strip()
