"""All that can go wrong within half a minute: nobody misses a story, nobody is told twice."""

from pathlib import Path

from tests.e2e.soak import Plan, soak


async def test_bad_weather_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """Floods, broken answers, blocks, moves, a full disk, kill -9 and SIGTERM, all in turn."""
    found = await soak(
        tmp_path,
        Plan(seconds=15, readers=60, every=1.5, pause=0.5, seed=1, crashes=True, hang=3, span=0.3),
    )
    assert found.stories >= 8
    assert found.verdict.due > 300
    assert found.verdict.lost == ()
    assert found.verdict.repeated == ()
    assert found.verdict.unwanted == ()
    assert found.violations == () or not found.judged
    assert found.misfortunes >= 15, found.met
