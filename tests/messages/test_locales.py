"""The catalogues hold every string of the code, translated, and nothing else."""

import shutil
import string
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.messages import forms, texts
from bot.messages.screens import greeting_keyboard
from bot.messages.texts import DOMAIN, LOCALES, CatalogueMissingError, Texts, languages, load_all

_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def catalogue(language: str) -> tuple[Path, Catalog]:
    path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        return path, read_po(file, locale=language, abort_invalid=True)


def extracted() -> set[tuple[str | None, str, str | None]]:
    found = set()
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


@pytest.mark.parametrize("language", languages())
class TestCatalogue:
    def test_holds_exactly_the_strings_of_the_code(self, language: str) -> None:
        _path, catalog = catalogue(language)
        held = {
            (message.context, *(*forms_of(message.id), None)[:2])
            for message in catalog
            if message.id
        }
        assert held == extracted()
        assert not catalog.obsolete

    def test_everything_is_translated(self, language: str) -> None:
        _path, catalog = catalogue(language)
        for message in catalog:
            assert not message.id or not message.fuzzy, message.id
            assert all(forms_of(message.string)), message.id

    def test_plural_forms_are_as_many_as_the_language_has(self, language: str) -> None:
        _path, catalog = catalogue(language)
        for message in catalog:
            if message.pluralizable:
                assert len(forms_of(message.string)) == catalog.num_plurals, message.id

    def test_placeholders_are_those_of_the_original(self, language: str) -> None:
        _path, catalog = catalogue(language)
        for message in catalog:
            if not message.id:
                continue
            wanted = set().union(*map(fields_of, forms_of(message.id)))
            for translated in forms_of(message.string):
                assert fields_of(translated) == wanted, message.id

    def test_compiled_catalogue_is_up_to_date(self, language: str) -> None:
        path, catalog = catalogue(language)
        fresh = BytesIO()
        write_mo(fresh, catalog)
        compiled = path.with_suffix(".mo").read_bytes()
        assert compiled == fresh.getvalue(), "compile the catalogues: pybabel compile, or install"


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


def test_a_third_language_is_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As CONTRIBUTING says: a copied catalogue is found by greeting, settings and typed forms."""
    locales = tmp_path / "locales"
    shutil.copytree(LOCALES, locales)
    shutil.copytree(locales / "en", locales / "de")
    folder = locales / "de" / "LC_MESSAGES"
    with (folder / f"{DOMAIN}.po").open("rb") as file:
        catalog = read_po(file, locale="de")
    found = catalog.get("Choose topics")
    assert found is not None
    found.string = "Themen wählen"
    with (folder / f"{DOMAIN}.mo").open("wb") as file:
        write_mo(file, catalog)
    monkeypatch.setattr(texts, "LOCALES", locales)
    known = load_all()
    assert set(known) == {"de", "en", "ru"}
    labels = [key.text for row in greeting_keyboard(known["de"], known) for key in row]
    assert labels == ["Themen wählen", "Change times", "Deutsch", "English", "Русский"]
    typed = forms.parse_settings("language deutsch", known, ["ru"])
    assert typed == forms.SetLanguage("de")
