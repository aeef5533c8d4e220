"""The catalogues hold every string of the code, translated, and nothing else."""

import shutil
import string
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot import config
from bot.messages import forms, menu, texts
from bot.messages.screens import greeting_keyboard
from bot.messages.texts import DOMAIN, LOCALES, CatalogueMissingError, Texts, languages, load_all

_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def catalogue(language: str) -> tuple[Path, Catalog]:
    path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        return path, read_po(file, locale=language, abort_invalid=True)


Strings = set[tuple[str | None, str, str | None]]  # context, singular, plural


@pytest.fixture(scope="module")
def strings() -> Strings:
    """All strings of the code."""
    found: Strings = set()
    for _file, _line, message, _comments, context in extract_from_dir(
        str(LOCALES.parent), method_map=[("**.py", "python")], keywords=_KEYWORDS
    ):
        singular, plural = message if isinstance(message, tuple) else (message, None)
        found.add((context, singular, plural))
    return found


def forms_of(value: object) -> tuple[str, ...]:
    """Return a message's or a translation's plural forms, or its one."""
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value or ""),)


def fields_of(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}


def test_russian_and_english_are_there() -> None:
    assert set(languages()) >= {"ru", "en"}
    assert set(load_all()) == set(languages())


def faults(catalog: Catalog, strings: Strings) -> Iterator[str]:
    """What is wrong with a catalogue of these strings, a line each, beginning with the kind."""
    held = {(one.context, *(*forms_of(one.id), None)[:2]) for one in catalog if one.id}
    yield from (f"missing: {one}" for one in strings - held)
    yield from (f"unused: {one}" for one in held - strings)
    yield from (f"obsolete: {one}" for one in catalog.obsolete)
    for message in catalog:
        if not message.id:
            continue
        translated = forms_of(message.string)
        if message.fuzzy:
            yield f"fuzzy: {message.id}"
        if not all(translated):
            yield f"untranslated: {message.id}"
        if message.pluralizable and len(translated) != catalog.num_plurals:
            yield f"plural forms: {message.id}"
        wanted = set().union(*map(fields_of, forms_of(message.id)))
        if any(fields_of(form) != wanted for form in translated if form):
            yield f"placeholders: {message.id}"


@pytest.mark.parametrize("language", languages())
class TestCatalogue:
    def test_holds_exactly_the_strings_of_the_code_translated(
        self, language: str, strings: Strings
    ) -> None:
        _path, catalog = catalogue(language)
        assert list(faults(catalog, strings)) == []

    def test_compiled_catalogue_is_up_to_date(self, language: str) -> None:
        path, catalog = catalogue(language)
        fresh = BytesIO()
        write_mo(fresh, catalog)
        compiled = path.with_suffix(".mo").read_bytes()
        assert compiled == fresh.getvalue(), "compile the catalogues: pybabel compile, or install"


def _changed(catalog: Catalog, text: str, **changes: Any) -> None:
    message = catalog.get(text)
    assert message is not None
    for name, value in changes.items():
        setattr(message, name, value)


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("missing", lambda one: one.delete("Choose topics")),
        ("unused", lambda one: one.add("A string of former days", "Строка")),
        ("fuzzy", lambda one: _changed(one, "Choose topics", flags={"fuzzy"})),
        ("untranslated", lambda one: _changed(one, "Choose topics", string="")),
        ("plural forms", lambda one: _changed(one, "{n} source", string=("{n} а", "{n} б"))),
        ("placeholders", lambda one: _changed(one, "Language: {name}.", string="Язык: {имя}.")),
    ],
)
def test_every_kind_of_fault_is_found(
    kind: str, spoil: Callable[[Catalog], None], strings: Strings
) -> None:
    """`make check` runs this file: what is wrong with a catalogue fails there."""
    _path, catalog = catalogue("ru")
    spoil(catalog)
    (fault,) = faults(catalog, strings)
    assert fault.startswith(f"{kind}: ")


def test_the_english_catalogue_speaks_english() -> None:
    _path, catalog = catalogue("en")
    for message in catalog:
        originals = set().union(*forms_of(message.id)) if message.id else set()
        for letter in set().union(*forms_of(message.string)) - originals:
            assert not "а" <= letter.lower() <= "ё", message.id


def test_a_language_without_catalogue_is_refused_with_the_remedy() -> None:
    with pytest.raises(CatalogueMissingError, match="pybabel compile"):
        Texts.load("xx")


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "Ещё 1 источник"),
        (2, "Ещё 2 источника"),
        (5, "Ещё 5 источников"),
        (21, "Ещё 21 источник"),
    ],
)
def test_russian_plurals(count: int, said: str) -> None:
    texts = Texts.load("ru")
    form = texts.ngettext("{n} more source", "{n} more sources", count)
    assert form.format(n=count) == said


@pytest.fixture
def polish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """A third language, as CONTRIBUTING says: the English folder copied, and one file changed."""
    locales = tmp_path / "locales"
    shutil.copytree(LOCALES, locales)
    shutil.copytree(locales / "en", locales / "pl")
    folder = locales / "pl" / "LC_MESSAGES"
    source = folder / f"{DOMAIN}.po"
    head = (("Language: en", "Language: pl"), ("nplurals=2; plural=(n != 1)", _POLISH))
    written = source.read_text(encoding="utf-8")
    for english, of_polish in head:
        assert english in written
        written = written.replace(english, of_polish, 1)
    source.write_text(written, encoding="utf-8")
    with source.open("rb") as file:
        catalog = read_po(file, locale="pl")
    for message in catalog:
        if message.pluralizable:
            one, several, *_empty = forms_of(message.string)
            message.string = (one, several, several)
    for text, translated in _TRANSLATED.items():
        _changed(catalog, text, string=translated)
    with (folder / f"{DOMAIN}.mo").open("wb") as file:
        write_mo(file, catalog)
    monkeypatch.setattr(texts, "LOCALES", locales)
    monkeypatch.setattr(config, "LOCALES", locales)
    return catalog


_POLISH = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2)"
_TRANSLATED = {
    "Choose topics": "Wybierz tematy",
    "Saved for later": "Na później",
    "{n} source": ("{n} źródło", "{n} źródła", "{n} źródeł"),
}


def test_a_third_language_is_one_file(
    polish: Catalog, strings: Strings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Greeting, settings, menus, typed forms, `LANGUAGE`, plurals and dates find it by itself."""
    assert list(faults(polish, strings)) == []
    known = load_all()
    assert set(known) == {"en", "pl", "ru"}
    pl = known["pl"]
    labels = [key.text for row in greeting_keyboard(pl, known) for key in row]
    assert labels == ["Wybierz tematy", "Change times", "Polski", "English", "Русский"]
    assert forms.parse_settings("language polski", known, ["ru"]) == forms.SetLanguage("pl")
    assert dict(menu.commands(pl))["saved"] == "Na później"
    said = [pl.ngettext("{n} source", "{n} sources", n).format(n=n) for n in (1, 3, 5, 22)]
    assert said == ["1 źródło", "3 źródła", "5 źródeł", "22 źródła"]
    assert pl.day(date(2026, 11, 22), date(2026, 11, 23)) == "22 listopada"
    monkeypatch.setenv("LANGUAGE", "pl")
    assert config.load_settings(None).language == "pl"
