"""What begins like a command and is none; and what merely begins with such a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.commands import parse_command
from bot.rules.nearly import meant
from tests.rules.test_admin_commands import QUESTIONS


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("quotas", "/grok quota"),
        ("Quotas?", "/grok quota"),
        ("quotas show workspace", "/grok quota show workspace"),
        ("usge", "/grok usage"),
        ("usgae me", "/grok usage me"),
        ("usahe", "/grok usage"),
        ("usage?", "/grok usage"),
        ("modles allow grok-4.3", "/grok models allow grok-4.3"),
        ("model", "/grok models"),
        ("default", "/grok defaults"),
        ("defualts reset", "/grok defaults reset"),
        ("defaults set temperature 0.5", "/grok defaults set --temperature 0.5"),
        ("defaults temperature 0.5", "/grok defaults set --temperature 0.5"),
        ("defaults --temperature 0.5", "/grok defaults set --temperature 0.5"),
        ('defaults --system "Be brief"', '/grok defaults set --system "Be brief"'),
        ("defaults set stream off channel", "/grok defaults set --stream off channel"),
        ("defaults set model grok-4.3", "/grok defaults set --model grok-4.3"),
        ("quota tokens-per-day=200k", "/grok quota set tokens-per-day=200k"),
        ("quota 200k", "/grok help quota"),
        ("pause channel!", "/grok pause channel"),
        ("pasue", "/grok pause"),
        ("pause me", "/grok help pause"),
        ("unpause workspace", "/grok resume workspace"),
        ("audit channel", "/grok help audit"),
        ("usage 2025-03", "/grok help usage"),
        ("quota sett tokens-per-day=3k", "/grok quota set tokens-per-day=3k"),
        ("quotas shwo channel", "/grok quota show channel"),
        ("models alow grok-4.3", "/grok models allow grok-4.3"),
        ("usage exprot 2025-03", "/grok usage export 2025-03"),
        ("defaults ste temperature 0.5", "/grok defaults set --temperature 0.5"),
        ("defaults rest", "/grok defaults reset"),
        ("quota remove tokens-per-day channel", "/grok quota unset tokens-per-day channel"),
        ("quota delete tokens-per-day", "/grok quota unset tokens-per-day"),
        ("quota clear channel", "/grok help quota"),
        ("quota clear workspace", "/grok help quota"),
        ("quota unset all channel", "/grok help quota"),
        ("quota unset nothing", "/grok help quota"),
        ("defaults unset zebra", "/grok help defaults"),
        ("quota list channel", "/grok quota show channel"),
        ("defaults remove temperature", "/grok defaults unset temperature"),
        ("defaults clear", "/grok defaults reset"),
        ("models remove grok-4.3", "/grok models forbid grok-4.3"),
        ("serach forbid x", "/grok search forbid x"),
        ("search alow x workspace", "/grok search allow x workspace"),
        ("search block spam.example", "/grok search forbid spam.example"),
        ("search unblock all", "/grok search allow all"),
        ("search web", "/grok help search"),
        ("search forbid .com and others", "/grok help search"),
        ("search allow everything that there is", "/grok help search"),
        ("search reset", "/grok help search"),
        ("prompt save brief Say it in one line", "/grok prompts save brief Say it in one line"),
        (f"prompt save brief {'Say it ' * 200}", "/grok help prompts"),
        (f"search forbid {'spam.example ' * 50}", "/grok help search"),
        ("prompts delete one two", "/grok help prompts"),
        ("prompts share brief everyone", "/grok help prompts"),
        ("feedback export csv", "/grok help feedback"),
        ("feedback on my essay", ""),
        ("search forbidden planet", ""),
        ("prompt engineering for beginners", ""),
        ("models allow us to predict the weather", ""),
        ("defaults search web", "/grok defaults set --search web"),
        ("defaults set domains a.co", "/grok defaults set --domains a.co"),
        ("defaults since 2026-11-01", "/grok defaults set --since 2026-11-01"),
        ("quota searches-per-day=50", "/grok quota set searches-per-day=50"),
        ("search for cats", ""),
        ("search the web for news", ""),
        ("research x", ""),
        (" " * 400, ""),
        ("usage export last month", "/grok help usage"),
        ("usage last month", "/grok help usage"),
        ("quota remove the ban on exports", ""),
        ("usage of the word last", ""),
        ("defaults clear the air", ""),
        ("quota sett theory", ""),
        ("models alloy steels", ""),
        ("defaults settle quickly", ""),
        ("help!", "/grok help"),
        ("hlep", "/grok help"),
        ("help tempreature", "/grok help temperature"),
        ("help comands", "/grok help"),
        ("help nosuch", "/grok help"),
        ("Help --nosuch", "/grok help"),
        ("help models allow", "/grok help models"),
        ("help quota set channel", "/grok help quota"),
        ("helpp", "/grok help"),
        ("hellp", "/grok help"),
        ("keyy", "/grok key"),
        ("forget", "@Grok forget"),
        ("leave", "@Grok leave"),
        ("forgett", "@Grok forget"),
        ("Laeve!", "@Grok leave"),
        ("forget everything", "@Grok forget"),
        ("leave the thread please", "@Grok leave"),
        ("usage --model grok-4.3", "/grok help usage"),
        ("quota --temperature 0.2 channel", "/grok help quota"),
        ("feedback --bogus=1 and more", "/grok help feedback"),
        ("Audit --user @ana?", "/grok help audit"),
        ("search --since 2026-11-01 what is new", "/grok help search"),
        ("prompts rename brief short", "/grok help prompts"),
        ("usage -- of commas", ""),
        ("model --help of git", ""),
        ("usage of --force with git push", ""),
        ("usage bogus", "/grok help usage"),
        ("models bogus", "/grok help models"),
        ("quota everyone", "/grok help quota"),
        ("usgae bogus", "/grok help usage"),
        ("pause for maintenance until five", "/grok help pause"),
        ("pause until tomorrow", "/grok help pause"),
        ("Pause for 30 minutes!", "/grok help pause"),
        ("pause channel for the weekend", "/grok help pause"),
        ("resume at 17:30 on Monday", "/grok help pause"),
    ],
)
def test_what_was_meant(text: str, command: str) -> None:
    assert meant(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("pause", "/grok pause"),
        ("Usage", "/grok usage"),
        ("quota set tokens-per-day=200k", "/grok quota set tokens-per-day=200k"),
        ("quotas", "/grok quota"),
        ("forget", ""),
        ("leave us alone", ""),
        ("forgett", "@Grok forget"),
        ("forget everything", "@Grok forget"),
        ("helpp", "/grok help"),
        ("help please", ""),
        ("key points", ""),
    ],
)
def test_commands_are_typed_and_not_written(text: str, command: str) -> None:
    assert meant(text, written=True) == command


ONES_OF_OWN = {
    "usage?",
    "usage each-user",
    "usage user @ana",
    "models channel",
    "model",
    "audit channel",
    "pause each-user",
    "resume me",
    "defaults each-user",
    "quota user",
    "quota show me",
}


@pytest.mark.parametrize(
    "text",
    [
        *(text for text in QUESTIONS if text not in ONES_OF_OWN),
        "usage of commas in English",
        "Quotas in EU fishing policy, explain",
        "quotas for fishing",
        "Models of the atom",
        "model a bank account in Python",
        "default values in C++",
        "defaults of a loan: what happens?",
        "default is a keyword, why?",
        "pause the video with ffmpeg",
        "resume writing tips",
        "Resume: how long should it be?",
        "audit this contract",
        "help me write a poem",
        "help us",
        "help them",
        "help me?",
        "help me understand models",
        "help models become better",
        "usage statistics?",
        "paused video",
        "model airplanes",
        "default judgement",
        "pause for thought and effect",
        "pause for a second and think",
        "pause until the user presses a key",
        "leaves",
        "leaver",
        "forgets",
        "forget about it",
        "forget everything you know about tax",
        "leave this job",
        "yelp",
        "hells",
        "helpful hints",
        "quote",
        "quote of the day",
        "motels",
        "modals",
        "Audi",
        "audio",
        "cause",
        "assume",
        "presume",
        "heap",
        "hello",
        "held",
        "forget it",
        "leave of absence letter",
        "usage\nof swap",
        "models " * 20,
        "",
        "what is a quota",
    ],
)
def test_a_question_is_asked(text: str) -> None:
    assert meant(text) == ""


@given(st.text(max_size=60), st.sampled_from(["", "quota ", "defaults set ", "help ", "usge "]))
def test_no_text_raises(text: str, start: str) -> None:
    for written in (False, True):
        command = meant(start + text, written=written)
        assert not command or command.startswith(("/grok ", "@Grok "))


def test_what_is_offered_is_a_command() -> None:
    offered = meant("defaults set temperature 0.5")
    found = parse_command(offered.removeprefix("/grok "))
    assert found
    assert found.name == "defaults set"
    assert found.faults == ()
