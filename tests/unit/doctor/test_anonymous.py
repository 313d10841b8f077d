"""A report for an issue names nobody, no machine and no project, whatever they are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.doctor.anonymous import Secrets, anonymous, anonymous_text
from mattebox.doctor.report import Fault

ENVIRONMENT = "/home/max müller/envs/keyer"

HOSTILE = [
    "/mnt/Client: X, (show)/cfg v2.ocio",
    "/home/max müller/My Show/a b.pth",
    "/srv/über'quoted\"/<b>show</b>|x;y/c.exr",
    r"C:\Users\max\My Shots\ClientX 01.exr",
    r"\\server\share\Client X\a.exr",
    "/x" * 200,
    "/a.*+?[b]{2}(c)^$\\d/e.exr",
    "/tmp/new\nline/x.exr",
    "/",
    "../configs/ClientX.ocio",
]


def secrets(*places: str, people: tuple[str, ...] = ("max",)) -> Secrets:
    named = tuple((name, "<user>") for name in people)
    return Secrets(
        places, (*named, ("ws-12.studio.lan", "<host>"), ("ws-12", "<host>")), ENVIRONMENT
    )


@pytest.mark.parametrize("place", HOSTILE)
@pytest.mark.parametrize("sentence", ["{}", "$OCIO={} cannot be read: No such file", "in '{}', x"])
def test_a_path_of_the_environment_goes_whole_however_it_is_called(
    place: str, sentence: str
) -> None:
    text = anonymous_text(sentence.format(place), secrets(place))
    assert text == sentence.format("<path 1>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"C:\Users\max\My Shots\ClientX 01.exr is damaged", "<path 1> is damaged"),
        (r"'\\server\share\Client X\a.exr', then", "'<path 1>', then"),
        ("~/secret/a b.exr cannot be read: gone", "<path 1> cannot be read: gone"),
        ("../configs/client/x.ocio is gone", "<path 1> is gone"),
        ("/mnt/a/b and /mnt/a/b and", "<path 1> and"),  # rather a word too many
        ("https://u:p@mirror.client.example/w/x is down", "<address 1> is down"),
        ("file:///mnt/client/x", "<address 1>"),
        ("//server/client x/y.exr: gone", "<path 1>: gone"),
        (f"{ENVIRONMENT}/bin/python", "<environment>/bin/python"),
        (f"{ENVIRONMENT}s/bin/python", "<path 1>"),
        (f"{ENVIRONMENT}/lib/x.so is gone: why", "<environment>/lib/x.so is gone: why"),
        ("ocio://studio-config-v2.2.0_aces", "ocio://studio-config-v2.2.0_aces"),
        ("a CUDA build (pytorch.org/get-started)", "a CUDA build (pytorch.org/get-started)"),
        ("Max on WS-12.studio.lan, ws-12: maximum", "<user> on <host>, <host>: maximum"),
        ("2.13.0+cpu, 8192 MiB, 3.5 s", "2.13.0+cpu, 8192 MiB, 3.5 s"),
    ],
)  # fmt: skip
def test_what_goes_and_what_stays(text: str, expected: str) -> None:
    assert anonymous_text(text, secrets("/home/max müller")) == expected


def test_equal_paths_look_equal_and_others_do_not() -> None:
    known = secrets()
    report = {
        "weights": ["/w/a.pth", "/w/b.pth"],
        "fault": Fault("/w/a.pth is damaged", "fetch it"),
    }
    assert anonymous(report, known) == {
        "weights": ["<path 1>", "<path 2>"],
        "fault": Fault("<path 1> is damaged", "fetch it"),
    }


@pytest.mark.parametrize("name", ["a.b", "x+y", "max(1)", "[root]", "ümit", "max power"])
def test_a_name_is_no_pattern(name: str) -> None:
    text = anonymous_text(f"of {name} and amaxb", secrets(people=(name,)))
    assert text == "of <user> and amaxb"


def test_who_is_called_as_the_stand_ins_are_spoils_none() -> None:
    known = secrets(people=("path", "User", "environment"))
    assert anonymous_text(f"{ENVIRONMENT}/x /a/b", known) == "<environment>/x <path 1>"


def test_an_empty_name_replaces_nothing() -> None:
    assert anonymous_text("torch 2.13", secrets(people=("",))) == "torch 2.13"


WORD = st.text("abcXYZ019 _-+&%#@!äß", min_size=1, max_size=12)


@given(
    folders=st.lists(WORD, min_size=1, max_size=4), name=WORD, root=st.sampled_from(["/", "C:\\"])
)
def test_no_folder_of_any_path_is_left(folders: list[str], name: str, root: str) -> None:
    """Each folder gets a mark of its own that could not be there by chance."""
    separator = "/" if root == "/" else "\\"
    marked = [f"q{index}q{folder}" for index, folder in enumerate(folders)]
    path = root + separator.join([*marked, f"{name.strip()}z.exr"])
    text = anonymous_text(f"{path} cannot be read: No such file", secrets())
    assert not any(f"q{index}q" in text for index in range(len(folders)))
    assert text.endswith(" cannot be read: No such file")


def test_this_machines_own_names_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "somebody")
    monkeypatch.setenv("HOSTNAME", "render-07.studio.lan")
    monkeypatch.setenv("OCIO", "/mnt/Client X/config.ocio")
    found = Secrets.of_this_machine()
    assert {("somebody", "<user>"), ("render-07", "<host>")} <= set(found.people)
    assert {"/mnt/Client X/config.ocio", str(Path.home())} <= set(found.places)
    text = "somebody@render-07: /mnt/Client X/config.ocio, gone"
    assert anonymous_text(text, found) == "<user>@<host>: <path 1>, gone"
