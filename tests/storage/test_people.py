"""Invitations let people in, as often and as long as they say."""

import asyncio

import pytest

from storage import Storage, StorageError, SubscriberState
from tests.storage.newsroom import DAY, HOUR, NOW, reader


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


async def test_a_link_opened_by_many_at_once_never_exceeds_its_count(storage: Storage) -> None:
    await storage.people.invite("code", now=NOW, uses=5, expires=None)
    opened = await asyncio.gather(
        *(storage.people.redeem("code", person, NOW) for person in [*range(1, 21), *range(1, 21)])
    )
    assert len({person for person in range(1, 21) if await storage.people.admitted(person)}) == 5
    assert sum(one is not None for one in opened) in range(5, 11)  # some opened it twice
    assert await storage.people.counts() == (5, 0)


async def test_who_needs_no_row_takes_no_place(storage: Storage) -> None:
    await storage.people.invite("code", now=NOW, uses=1, expires=None)
    assert await storage.people.redeem("code", 7, NOW, inside=True) is not None
    assert not await storage.people.admitted(7)
    assert await storage.people.redeem("code", 1, NOW) is not None


async def test_a_revoked_link_throws_nobody_out(storage: Storage) -> None:
    await storage.people.invite("code", now=NOW, uses=9, expires=None, label="family")
    await storage.people.redeem("code", 1, NOW)
    (listed,) = await storage.people.invitations(NOW, 9)
    assert (listed.label, listed.uses, listed.uses_left) == ("family", 9, 8)
    assert await storage.people.revoke("code")
    assert not await storage.people.revoke("code")
    assert await storage.people.invitations(NOW, 9) == []
    assert await storage.people.redeem("code", 2, NOW) is None
    (person,) = await storage.people.listed(limit=9)
    assert (person.id, person.label) == (1, "family")


async def test_the_admins_link_is_not_for_revoking(storage: Storage) -> None:
    await storage.people.invite("first", now=NOW, uses=1, expires=None, admin=True)
    assert await storage.people.invitations(NOW, 9) == []
    assert not await storage.people.revoke("first")


async def test_who_was_removed_stays_out_until_let_in(storage: Storage) -> None:
    await storage.people.invite("code", now=NOW, uses=9, expires=None)
    await storage.people.redeem("code", 1, NOW)
    chat = await reader(storage, 1)
    await storage.people.remove(1, NOW)
    assert not await storage.people.admitted(1)
    assert (await storage.subscribers.get(chat.id)).state is SubscriberState.STOPPED
    assert await storage.people.redeem("code", 1, NOW) is None
    assert [one.id for one in await storage.people.removed(limit=9)] == [1]
    assert await storage.people.listed(limit=9) == []
    (left,) = await storage.people.invitations(NOW, 9)
    assert left.uses_left == 8
    assert await storage.people.readmit(1, NOW)
    assert not await storage.people.readmit(1, NOW)
    assert await storage.people.admitted(1)


async def test_a_removed_admin_is_no_admin(storage: Storage) -> None:
    await storage.people.invite("first", now=NOW, uses=1, expires=None, admin=True)
    await storage.people.redeem("first", 1, NOW)
    await storage.people.remove(1, NOW)
    assert not await storage.people.admin(1)
    # The operator's own link brings them back.
    await storage.people.invite("second", now=NOW, uses=1, expires=None, admin=True)
    assert await storage.people.redeem("second", 1, NOW) is not None
    assert await storage.people.admitted(1)


async def test_the_links_of_who_was_removed_let_nobody_in(storage: Storage) -> None:
    await storage.people.invite("theirs", now=NOW, uses=5, expires=None, author=1)
    await storage.people.invite("others", now=NOW, uses=5, expires=None, author=2)
    await storage.people.remove(1, NOW)
    assert await storage.people.redeem("theirs", 3, NOW) is None
    assert await storage.people.redeem("others", 3, NOW) is not None


async def test_people_are_listed_in_pages_with_those_of_a_public_bot(storage: Storage) -> None:
    await storage.people.invite("code", now=NOW, uses=9, expires=None)
    for person in (5, 1, 3):
        await storage.people.redeem("code", person, NOW)
    for chat in (2, 3, 4):
        await reader(storage, chat)
    await storage.people.remove(4, NOW)
    first = await storage.people.listed(limit=2)
    rest = await storage.people.listed(after=first[-1].id, limit=9)
    assert [one.id for one in [*first, *rest]] == [1, 2, 3, 5]
    assert {one.id: one.title for one in rest} == {3: "Reader", 5: ""}
    assert await storage.people.counts() == (4, 1)
