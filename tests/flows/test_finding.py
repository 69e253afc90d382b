"""Finding people: by what they are called, however it is typed, and without anybody waiting for the index."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable

import pytest

from gateway.core.kinds import HolderKind
from gateway.core.names import keys_of, words_of
from gateway.core.nouns import Directory, Holder
from gateway.flows.finding import SMALL, TURN, Finder, PeopleIndex, build
from gateway.flows.pinyin import Sounding

EVERYBODY = tuple(HolderKind)
SOUNDING = Sounding()
SOUNDING.load()


def holder(id: str, name: str, kind: HolderKind = HolderKind.STUDENT) -> Holder:
    return Holder(f"ref-{id}", id, name, kind, frozenset())


def index(*people: tuple[str, str]) -> PeopleIndex:
    return build([holder(id, name) for id, name in people], SOUNDING, threading.Event())


def found(index: PeopleIndex, text: str, limit: int = 20) -> list[str]:
    return [one.name for one in index.find(text, EVERYBODY, limit)]


SCHOOL = (
    ("S-1", "张伟"),
    ("S-2", "单小明"),
    ("S-3", "曾宇航"),
    ("S-4", "吕静"),
    ("S-5", "欧阳娜娜"),
    ("S-6", "阿依古丽·买买提"),
    ("S-7", "Anna O'Brien-Schmidt"),
    ("S-8", "José Müller"),
    ("S-9", "Li Na"),
    ("T-10", "김민수"),
)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张", "张伟"),
        ("张伟", "张伟"),
        ("伟", "张伟"),
        ("zhangwei", "张伟"),
        ("zhang wei", "张伟"),
        ("ZHANG", "张伟"),
        ("zw", "张伟"),
        ("ｚｈａｎｇ", "张伟"),
        ("danxiaoming", "单小明"),
        ("xiaoming", "单小明"),
        ("sxm", "单小明"),
        ("dxm", "单小明"),
        ("zengyuhang", "曾宇航"),
        ("ceng", "曾宇航"),
        ("lv", "吕静"),
        ("lü", "吕静"),
        ("lyujing", "吕静"),
        ("nana", "欧阳娜娜"),
        ("oynn", "欧阳娜娜"),
        ("买买提", "阿依古丽·买买提"),
        ("ayiguli", "阿依古丽·买买提"),
        ("obrien", "Anna O'Brien-Schmidt"),
        ("schmidt anna", "Anna O'Brien-Schmidt"),
        ("o’brien", "Anna O'Brien-Schmidt"),
        ("jose", "José Müller"),
        ("MULLER", "José Müller"),
        ("na", "Li Na"),
        ("lina", "Li Na"),
        ("ln", "Li Na"),
        ("김민", "김민수"),
        ("s-1", "张伟"),
        ("t10", "김민수"),
        ("张wei", "张伟"),
    ],
)
def test_somebody_is_found_however_the_name_is_typed(typed: str, name: str) -> None:
    assert name in found(index(*SCHOOL), typed)


@pytest.mark.parametrize("typed", ["", "   ", "·", "%", "_", "'", "\t", "\n5\n", "zzzz", "<>", "1" * 500, "张\n伟\t1"])
def test_what_nobody_answers_to_finds_nobody(typed: str) -> None:
    assert found(index(*SCHOOL), typed) in ([], ["张伟"])  # the last one is 张伟, typed with a line break


def test_the_best_answer_comes_first() -> None:
    people = index(("A-1", "魏来"), ("A-2", "张伟"), ("A-3", "伟"), ("wei", "某人"), ("A-5", "魏"))

    assert set(found(people, "wei")[:3]) == {"某人", "伟", "魏"}
    assert found(people, "wei")[3:] == ["魏来", "张伟"]


def test_whoever_is_renamed_is_found_by_the_new_name_alone_and_whoever_is_gone_not_at_all() -> None:
    people = index(("S-1", "张伟"), ("S-2", "李娜"))

    people.put(holder("S-1", "王芳"))
    people.drop("ref-S-2")

    assert found(people, "wangfang") == ["王芳"]
    assert found(people, "zhangwei") == [] and found(people, "lina") == [] and found(people, "s2") == []


def test_only_the_kinds_that_are_asked_for_are_found() -> None:
    people = build([holder("S-1", "张伟"), holder("T-1", "张伟", HolderKind.STAFF)], SOUNDING, threading.Event())

    assert [one.id for one in people.find("zw", (HolderKind.STAFF,), 5)] == ["T-1"]


def test_a_name_answers_to_few_spellings_even_if_each_character_has_many() -> None:
    keys = keys_of("单曾乐行重长单", "S-1", SOUNDING)

    assert len(keys.whole) <= 2 + 8 and all(key.isascii() or "单" in key for key in keys.whole)
    assert words_of("Ａｎｎａ　张伟 x") == ["anna", "张伟", "x"]


# ---------------------------------------------------------------- while the directory changes


def directory(version: int, people: Iterable[Holder], before: Directory | None = None, *changed: str) -> Directory:
    holders = {one.ref: one for one in people}
    since = -1 if before is None else before.version
    return Directory(version, holders, {}, since=since, changed=frozenset(changed))


async def names(finder: Finder, now: Directory, typed: str) -> list[str]:
    return sorted(one.name for one in await finder.search(now, typed, EVERYBODY, 50))


async def test_a_change_is_found_at_once_and_what_was_before_is_not() -> None:
    finder = Finder(asyncio.get_running_loop().create_task)
    first = directory(1, [holder("S-1", "张伟"), holder("S-2", "李娜")])
    assert await names(finder, first, "zhang") == ["张伟"]

    second = directory(2, [holder("S-1", "王芳"), holder("S-3", "张敏")], first, "ref-S-1", "ref-S-2", "ref-S-3")
    finder.follow(second)

    assert await names(finder, second, "zhang") == ["张敏"]
    assert await names(finder, second, "lina") == [] and await names(finder, second, "wangf") == ["王芳"]


async def test_while_a_large_index_is_built_people_are_found_and_later_those_who_came_meanwhile() -> None:
    finder = Finder(asyncio.get_running_loop().create_task)
    many = [holder(f"S-{n}", "赵敏" if n % 2 else "钱芳") for n in range(TURN * 3)]
    first = directory(1, many)

    early = await names(finder, first, "赵")
    newcomer = holder("N-1", "孙悟空")
    second = directory(2, [*many, newcomer], first, newcomer.ref)
    finder.follow(second)
    await finder.ready(second)

    assert early[:1] == ["赵敏"] and finder.is_ready
    assert await names(finder, second, "swk") == ["孙悟空"]


async def test_a_whole_new_school_is_found_after_the_next_build_and_nobody_who_is_gone_before_it() -> None:
    finder = Finder(asyncio.get_running_loop().create_task)
    first = directory(1, [holder("S-1", "张伟")])
    await finder.ready(first)

    second = directory(2, [holder(f"N-{n}", "李娜") for n in range(SMALL * 2)])
    finder.follow(second)
    between = await names(finder, second, "zw")
    await finder.ready(second)

    assert between == [] and len(await names(finder, second, "ln")) == 50


async def test_a_search_takes_no_longer_than_a_guard_notices_and_never_holds_the_gateway_up() -> None:
    finder = Finder(asyncio.get_running_loop().create_task)
    surnames, given = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗单曾", "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚"
    people = [
        holder(f"2026{n:06}", surnames[n % 22] + given[n // 22 % 20] + given[n // 440 % 20]) for n in range(20_000)
    ]
    now = directory(1, people)
    await finder.ready(now)
    took: list[float] = []

    for typed in ["z", "zw", "zhang", "wei", "伟", "2026000", "zhang wei", "xqzt", "ming li", "shan"] * 10:
        began = time.perf_counter()
        await finder.search(now, typed, EVERYBODY, 20)
        took.append(time.perf_counter() - began)

    assert sorted(took)[len(took) // 2] < 0.02
