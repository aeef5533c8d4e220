"""The bench of feeds: its goals hold on the practice data, and every difference has a reason."""

import pytest

from tests.bench import feeds

needs_data = pytest.mark.skipif(
    not feeds.DATA.is_dir(), reason="the collected feeds are not part of the repository"
)


@needs_data
async def test_we_read_at_least_as_well_as_either_parser() -> None:
    figures = await feeds.measure()
    missed = [figure for figure in figures if not figure.met]
    assert not missed
    assert len([figure for figure in figures if figure.goal]) == 8


@needs_data
@pytest.mark.parametrize("folder", ["translator", "parser"])
def test_every_difference_has_its_reason(folder: str) -> None:
    tested = feeds.samples(folder)
    assert len(tested) > 50
    unexplained = [one for one in feeds.differences(tested) if not one.reason]
    assert not unexplained


async def test_without_the_data_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(feeds, "DATA", tmp_path_factory.mktemp("empty") / "none")
    skipped, edge_cases = await feeds.measure()
    assert "skipped" in skipped.name
    assert edge_cases.met
