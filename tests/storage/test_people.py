"""Invitations let people in, as often and as long as they say."""

import pytest

from storage import Storage, StorageError
from tests.storage.newsroom import DAY, HOUR, NOW


async def test_an_invitation_lets_in_as_many_as_it_says(storage: Storage) -> None:
    made = await storage.people.invite("code", now=NOW, uses=2, expires=None)
    assert (made.code, made.admin, made.uses_left, made.expires) == ("code", False, 2, None)
    assert not await storage.people.admitted(1)
    for person, left in ((1, 1), (2, 0)):
        used = await storage.people.redeem("code", person, NOW)
        assert used is not None
        assert used.uses_left == left
        assert await storage.people.admitted(person)
        assert not await storage.people.admin(person)
    assert await storage.people.redeem("code", 3, NOW) is None
    assert not await storage.people.admitted(3)


async def test_who_is_in_takes_nobodys_place(storage: Storage) -> None:
    await storage.people.invite("code", now=NOW, uses=2, expires=None)
    for left in (1, 1, 1):
        used = await storage.people.redeem("code", 1, NOW)
        assert used is not None
        assert used.uses_left == left
    assert await storage.people.redeem("code", 2, NOW) is not None
    assert await storage.people.redeem("code", 1, NOW) is not None
    assert await storage.people.redeem("code", 3, NOW) is None


async def test_an_invitation_ends(storage: Storage) -> None:
    await storage.people.invite("code", now=NOW, uses=5, expires=NOW + DAY)
    assert await storage.people.redeem("code", 1, NOW + DAY) is None
    assert await storage.people.redeem("other", 1, NOW) is None
    assert await storage.people.redeem("code", 1, NOW + DAY - HOUR) is not None


async def test_the_admins_link_works_once_and_only_the_last_one(storage: Storage) -> None:
    await storage.people.invite("guests", now=NOW, uses=1, expires=None)
    await storage.people.invite("first", now=NOW, uses=1, expires=None, admin=True)
    await storage.people.invite("second", now=NOW, uses=1, expires=None, admin=True)
    assert await storage.people.redeem("first", 1, NOW) is None
    used = await storage.people.redeem("second", 1, NOW)
    assert used is not None
    assert used.admin
    assert await storage.people.redeem("second", 2, NOW) is None
    assert await storage.people.admin(1)
    assert await storage.people.admitted(1)
    assert await storage.people.admins() == [1]
    # A guest's link does not take the rights away.
    assert await storage.people.redeem("guests", 1, NOW) is not None
    assert await storage.people.admin(1)


async def test_a_code_is_one_invitation(storage: Storage) -> None:
    await storage.people.invite("code", now=NOW, uses=1, expires=None)
    with pytest.raises(StorageError):
        await storage.people.invite("code", now=NOW, uses=9, expires=None)
