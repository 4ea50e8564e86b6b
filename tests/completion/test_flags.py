from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.completion import CompletionRequest
from bot.completion.ask import EFFORTS, Effort
from bot.completion.flags import Flags, parse_text, parse_words
from bot.completion.lexer import starts_like_flag
from bot.completion.options import OPTIONS
from bot.words import request as words
from tests.completion.strategies import Json, written_requests
from tests.completion.written import to_flags

ANYTHING = st.text(st.characters(), max_size=60)
FLAG_PIECES = st.sampled_from(
    [
        *(option.flag for option in OPTIONS.values()),
        *(option.off_flag for option in OPTIONS.values()),
        "-t",
        "-m",
        "-x",
        "--",
        "—",
        "–",
        "---",
        "--=",
        "=",
        '"',
        "“",
        "”",
        "'",
        "\\",
        "{",
        '{"5": 1}',
        "5=1,",
        "0.5",
        "-1",
        " ",
        "\n",
        "ask",
        "\ud800",
        "1e999",
        "9" * 5000,
        "[" * 3000,
        '{"a":' * 3000,
    ]
)


def faults_in(text: str) -> dict[str, str]:
    return {fault.parameter: fault.problem for fault in parse_text(text).faults}


def values_in(text: str) -> Json:
    flags = parse_text(text)
    assert flags.faults == ()
    return dict(flags.values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        (" \n", {}),
        ("--echo", {"echo": True}),
        ("--temperature 0.2 Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("--temperature=0.2 Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("--temperature\n0.2\nHi", {"temperature": 0.2, "prompt": "Hi"}),
        ("--temperature\xa00.2\xa0Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("-t .5 Hi", {"temperature": 0.5, "prompt": "Hi"}),
        ("-t=1. Hi", {"temperature": 1.0, "prompt": "Hi"}),
        ("--max_tokens 5 Hi", {"max_tokens": 5, "prompt": "Hi"}),
        ("--max-tokens 1e3 Hi", {"max_tokens": 1000.0, "prompt": "Hi"}),
        ("--Max-Tokens +5 Hi", {"max_tokens": 5, "prompt": "Hi"}),
        ("--presence-penalty -1 Hi", {"presence_penalty": -1, "prompt": "Hi"}),
        ("--presence-penalty=-1.5 Hi", {"presence_penalty": -1.5, "prompt": "Hi"}),
        ("--presence-penalty −1 Hi", {"presence_penalty": -1, "prompt": "Hi"}),
        ("--seed 123456789012345678901 Hi", {"seed": 123456789012345678901, "prompt": "Hi"}),
        ("--n 2 -m grok-4.3 Hi", {"n": 2, "model": "grok-4.3", "prompt": "Hi"}),
        ("--echo Hi", {"echo": True, "prompt": "Hi"}),
        ("--echo true", {"echo": True}),
        ("--stream off Explain TCP", {"stream": False, "prompt": "Explain TCP"}),
        ("--stream off explain TCP", {"stream": False, "prompt": "explain TCP"}),
        ("--stream OFF explain", {"stream": False, "prompt": "explain"}),
        ("--stream\nfalse\nExplain", {"stream": False, "prompt": "Explain"}),
        ("--stream aus Erkläre TCP", {"stream": False, "prompt": "Erkläre TCP"}),
        ("--stream オフ TCPとは", {"stream": False, "prompt": "TCPとは"}),
        ("--stream 0 Explain", {"stream": False, "prompt": "Explain"}),
        ("--echo on --stream no Hi", {"echo": True, "stream": False, "prompt": "Hi"}),
        ("--echo off -- on", {"echo": False, "prompt": "on"}),
        ("--echo off", {"echo": False}),
        ("--echo -- off we go", {"echo": True, "prompt": "off we go"}),
        ("--echo No, seriously", {"echo": True, "prompt": "No, seriously"}),
        ("--echo True or false?", {"echo": True, "prompt": "True or false?"}),
        ("--echo 1 + 1 = ?", {"echo": True, "prompt": "1 + 1 = ?"}),
        ("--echo offer me a job", {"echo": True, "prompt": "offer me a job"}),
        ("--suffix «It ends» Hi", {"suffix": "It ends", "prompt": "Hi"}),
        ("--suffix «\u00a0It ends\u202f» Hi", {"suffix": "It ends", "prompt": "Hi"}),
        ("--suffix »It ends« Hi", {"suffix": "It ends", "prompt": "Hi"}),
        ("--suffix ‹It ends› Hi", {"suffix": "It ends", "prompt": "Hi"}),
        ("--suffix ‚It ends‘ Hi", {"suffix": "It ends", "prompt": "Hi"}),
        ("--suffix 「終 わり」 Hi", {"suffix": "終 わり", "prompt": "Hi"}),
        ("--suffix ＂It ends＂ Hi", {"suffix": "It ends", "prompt": "Hi"}),
        ("——temperature 0.2 你好", {"temperature": 0.2, "prompt": "你好"}),
        ("――temperature 0.2 Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("―temperature 0.2 Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("－－temperature\u30000.2\u3000Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("－－ｔｏｐ－ｐ＝０．２ Hi", {"top_p": 0.2, "prompt": "Hi"}),
        ("––temperature 0.2 Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("‑‑temperature 0.2 Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("－t 0.2 Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("--echo —— --x", {"echo": True, "prompt": "--x"}),
        ("--echo －－ --x", {"echo": True, "prompt": "--x"}),
        ("——你好", {"prompt": "——你好"}),
        ("--temperature 1,5 Hi", {"temperature": 1.5, "prompt": "Hi"}),
        ("--temperature １，５ Hi", {"temperature": 1.5, "prompt": "Hi"}),
        ("--presence-penalty －０．５ Hi", {"presence_penalty": -0.5, "prompt": "Hi"}),
        ("--max-tokens 200.000 Hi", {"max_tokens": 200_000, "prompt": "Hi"}),
        ("--max-tokens 1,500 Hi", {"max_tokens": 1_500, "prompt": "Hi"}),
        ("--max-tokens 2’000’000 Hi", {"max_tokens": 2_000_000, "prompt": "Hi"}),
        ("--max-tokens 200\u202f000 Hi", {"max_tokens": 200_000, "prompt": "Hi"}),
        ("--seed -1.000 Hi", {"seed": -1000, "prompt": "Hi"}),
        ("--logit-bias ５=１ Hi", {"logit_bias": {"5": 1}, "prompt": "Hi"}),
        ("--logit-bias «5=1» Hi", {"logit_bias": {"5": 1}, "prompt": "Hi"}),
        ("--echo=false Hi", {"echo": False, "prompt": "Hi"}),
        ("--echo=“no” Hi", {"echo": False, "prompt": "Hi"}),
        ("--no-echo --stream Hi", {"echo": False, "stream": True, "prompt": "Hi"}),
        ("--no_stream Hi", {"stream": False, "prompt": "Hi"}),
        ("--suffix “The end.” Hi", {"suffix": "The end.", "prompt": "Hi"}),
        ("--suffix ‘it ends’ Hi", {"suffix": "it ends", "prompt": "Hi"}),
        ("--suffix „so“ Hi", {"suffix": "so", "prompt": "Hi"}),
        (r'--suffix "a \"b\" C:\new \\" Hi', {"suffix": 'a "b" C:\\new \\', "prompt": "Hi"}),
        ('--suffix "it\'s" Hi', {"suffix": "it's", "prompt": "Hi"}),
        ("--suffix o'clock Hi", {"suffix": "o'clock", "prompt": "Hi"}),
        ('--suffix "" Hi', {"suffix": "", "prompt": "Hi"}),
        ('--suffix="--x" Hi', {"suffix": "--x", "prompt": "Hi"}),
        ("--suffix=--x Hi", {"suffix": "--x", "prompt": "Hi"}),
        (r"--suffix \n Hi", {"suffix": r"\n", "prompt": "Hi"}),
        (r"--stop \n Hi", {"stop": "\n", "prompt": "Hi"}),
        (r'--stop "\n\n" --stop END Hi', {"stop": ["\n\n", "END"], "prompt": "Hi"}),
        (r'--stop "\\n\"\t" Hi', {"stop": '\\n"\t', "prompt": "Hi"}),
        ("--stop=“a b” Hi", {"stop": "a b", "prompt": "Hi"}),
        ("--prompt One", {"prompt": "One"}),
        ('--prompt One --prompt "And two"', {"prompt": ["One", "And two"]}),
        (
            "--logit-bias 50256=-100,198=5.5 Hi",
            {"logit_bias": {"50256": -100, "198": 5.5}, "prompt": "Hi"},
        ),
        (
            '--logit-bias {"50256": -100, "198": 5} Hi',
            {"logit_bias": {"50256": -100, "198": 5}, "prompt": "Hi"},
        ),
        ("--logit-bias={“50256”: -1} Hi", {"logit_bias": {"50256": -1}, "prompt": "Hi"}),
        ("--logit-bias '{\"5\": 1}' Hi", {"logit_bias": {"5": 1}, "prompt": "Hi"}),
        ("—temperature 0.2 –echo Hi", {"temperature": 0.2, "echo": True, "prompt": "Hi"}),
        ("—t 0.2 Hi", {"temperature": 0.2, "prompt": "Hi"}),
        ("--echo -- --stream", {"echo": True, "prompt": "--stream"}),
        ("--echo — --stream", {"echo": True, "prompt": "--stream"}),
        ("--", {"prompt": ""}),
        ("-- ", {"prompt": ""}),
        ("--  two", {"prompt": " two"}),
    ],
)
def test_what_is_typed_means(text: str, values: dict[str, object]) -> None:
    assert values_in(text) == values


@pytest.mark.parametrize(
    "prompt",
    [
        "What does --temperature 3 do?",
        "say “hi” — and “bye”",
        "two  spaces\n\n\tand lines ",
        '"quoted" from the start',
        "- a list\n- of two",
        "-5 degrees",
        "—5 degrees",
        "– a list\n– of two",
        "— ",
        "```py\nx = '--echo'\n```",
        "ask=5",
    ],
)
def test_the_prompt_is_kept_to_the_letter(prompt: str) -> None:
    assert values_in(f"-- {prompt}") == {"prompt": prompt}
    if not starts_like_flag(prompt):
        assert values_in(prompt) == {"prompt": prompt}
        assert values_in(f"--echo {prompt}") == {"echo": True, "prompt": prompt}


@pytest.mark.parametrize("prompt", ["off", "no man is an island", "On the road", "1 + 1"])
def test_a_prompt_that_begins_like_a_value_is_written_so_that_it_stays_one(prompt: str) -> None:
    request = CompletionRequest(model="m", prompt=prompt, echo=True)

    assert values_in(to_flags(request)) == {"model": "m", "echo": True, "prompt": prompt}


@pytest.mark.parametrize(
    ("text", "parameter", "problem"),
    [
        ("--temperature 3 Hi", "temperature", "3 is too large"),
        ("--temperature hot Hi", "temperature", "hot is not a number"),
        ("--temperature 0,2,1 Hi", "temperature", "0,2,1 is not a number"),
        ("--max-tokens 1,5 Hi", "max_tokens", "1,5 is not a whole number"),
        ("--system «be brief Hi", "system", "the quote at the start of its value is never closed"),
        ("--no-stream off Explain", "stream", "--no-… takes no value"),
        (
            "--private no man is an island",
            "private",
            (
                "is “no” its value, or does your question begin with it? "
                "Write --private=no, or -- before the question"
            ),
        ),
        ("--stream on the origin of species", "stream", None),
        ("--echo False Friends", "echo", None),
        ("--temperature nan Hi", "temperature", "nan is not a number"),
        ("--temperature", "temperature", "has no value"),
        ("--temperature --echo Hi", "temperature", "has no value"),
        ("--temperature -- Hi", "temperature", "has no value"),
        ("--temperature= Hi", "temperature", "has no value"),
        ("--temperature 1 -t 1 Hi", "temperature", "was given twice"),
        ("--echo --no-echo Hi", "echo", "was given twice"),
        ("--echo=maybe Hi", "echo", "maybe is neither on nor off"),
        ("--no-echo=true Hi", "echo", "--no-… takes no value"),
        ('--system "be brief Hi', "system", "the quote at the start of its value is never closed"),
        ("--user “me Hi", "user", "the quote at the start of its value is never closed"),
        ('--user "me"you Hi', "user", "a space must follow the closing quote"),
        ("--system \ud800 Hi", "system", None),
        ("--reply mars Hi", "reply", "mars is no place for an answer"),
        ("--private --reply thread Hi", "private", "says where to reply, and so does --reply"),
        ("--private=perhaps Hi", "private", "perhaps is neither on nor off"),
        ("--seed 1.5 Hi", "seed", "1.5 is not a whole number"),
        ("--temperature 1e999 Hi", "temperature", "1e999 is too large"),
        ("--temperature=-1e999 Hi", "temperature", "-1e999 is too small"),
        (f"--temperature {'9' * 500} Hi", "temperature", f"{'9' * 59}… is too large"),
        (f"--seed {'7' * 5_000} Hi", "seed", f"{'7' * 59}… is too large"),
        ("--seed 1e999 Hi", "seed", "1e999 is too large"),
        (f"--max-tokens {'7' * 5_000} Hi", "max_tokens", f"{'7' * 59}… is too large"),
        ("--logit-bias 5=1e999 Hi", "logit_bias", "1e999 is too large"),
        ('--logit-bias {"5":-1e999} Hi', "logit_bias", "-1e999 is too small"),
        ("--logit-bias 5 Hi", "logit_bias", "5 is not token ids with a number each"),
        ("--logit-bias 5=x Hi", "logit_bias", "x is not a number"),
        ("--logit-bias {5 Hi", "logit_bias", "{5 is not token ids with a number each"),
        ('--logit-bias {"5":NaN} Hi', "logit_bias", None),
        (
            "--prompt Write a haiku",
            "prompt",
            "some of it follows --prompt, and some stands at the end",
        ),
        ("--temprature 1 Hi", "", "there is no flag --temprature; did you mean --temperature?"),
        ("-temperature 1 Hi", "", "there is no flag -temperature; did you mean --temperature?"),
        ("--t 1 Hi", "", "there is no flag --t; did you mean --temperature?"),
        ("--temp 1 Hi", "", "there is no flag --temp; did you mean --temperature?"),
        ("--Top 1 Hi", "", "there is no flag --Top; did you mean --top-p?"),
        ("--max 5 Hi", "", "there is no flag --max; did you mean --max-tokens or --max-turns?"),
        ("--max_t=5 Hi", "", "there is no flag --max_t; did you mean --max-tokens or --max-turns?"),
        ("--no-str Hi", "", "there is no flag --no-str; did you mean --no-stream?"),
        ("--no-strem Hi", "", "there is no flag --no-strem; did you mean --no-stream?"),
        (
            "--log 3 Hi",
            "",
            "there is no flag --log; did you mean --logprobs or --logit-bias?",
        ),
        ("-x Hi", "", "there is no flag -x; `/grok help` lists them"),
        ("--- Hi", "", "there is no flag ---; `/grok help` lists them"),
        ("--no-temperature Hi", "", None),
    ],
)
def test_one_wrong_flag_is_one_fault(text: str, parameter: str, problem: str | None) -> None:
    faults = faults_in(text)

    assert list(faults) == [parameter]
    assert problem is None or faults[parameter] == problem


def test_all_faults_come_at_once() -> None:
    flags = parse_text(
        "--temprature 2 --top-p 9 -n 0 --echo=maybe --model --seed 1 --seed 2 --stop “x Hi you"
    )

    assert [fault.parameter for fault in flags.faults] == [
        "",
        "model",
        "seed",
        "stop",
        "top_p",
        "n",
        "echo",
    ]
    assert all(fault.allowed for fault in flags.faults if fault.parameter)
    assert flags.values["prompt"] == "Hi you"


def test_a_missing_prompt_is_no_fault_of_the_flags() -> None:
    assert parse_text("--temperature 0.2") == Flags({"temperature": 0.2})


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Hi", None),
        ("--reply channel Hi", "channel"),
        ("--reply=thread Hi", "thread"),
        ("--reply private Hi", "private"),
        ("--private Hi", "private"),
        ("--private=yes Hi", "private"),
        ("--no-private Hi", None),
        ("--reply mars Hi", None),
    ],
)
def test_where_to_reply(text: str, reply: str | None) -> None:
    assert parse_text(text).reply == reply


@pytest.mark.parametrize("effort", EFFORTS)
def test_how_long_to_think_is_no_parameter(effort: Effort) -> None:
    assert parse_text(f"--effort {effort} Hi") == Flags({"prompt": "Hi", "effort": effort})
    assert parse_text(f"--effort={effort} Hi").effort == effort


@pytest.mark.parametrize("value", ["huge", "Low", "1", "''", "low,high"])
def test_another_effort_is_a_fault(value: str) -> None:
    flags = parse_text(f"--effort {value} Hi")

    assert flags.effort is None
    assert [fault.parameter for fault in flags.faults] == ["effort"]
    assert "xhigh" in flags.faults[0].allowed


def test_the_system_text_is_no_parameter() -> None:
    assert parse_text('-s "Be brief" Hi') == Flags({"prompt": "Hi", "system": "Be brief"})


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ([], {}),
        (["--echo"], {"echo": True}),
        (["Hi", "you", "--echo"], {"prompt": "Hi you --echo"}),
        (["--temperature", "0.2", " Hi  you\n"], {"temperature": 0.2, "prompt": " Hi  you\n"}),
        (["-t=0.2", "--no-stream", "Hi"], {"temperature": 0.2, "stream": False, "prompt": "Hi"}),
        (["--suffix", '"a b" c', "Hi"], {"suffix": '"a b" c', "prompt": "Hi"}),
        (["--suffix=", "Hi"], {"suffix": "", "prompt": "Hi"}),
        (["--suffix", "", "Hi"], {"suffix": "", "prompt": "Hi"}),
        (["--stop", r"\n", "--stop=--", "Hi"], {"stop": ["\n", "--"], "prompt": "Hi"}),
        (["--logit-bias", '{"5": 1}', "Hi"], {"logit_bias": {"5": 1}, "prompt": "Hi"}),
        (["--prompt", "a b", "--prompt=c"], {"prompt": ["a b", "c"]}),
        (["--", "--echo", "x"], {"prompt": "--echo x"}),
        (["--stream", "off", "Explain"], {"stream": False, "prompt": "Explain"}),
        (["--stream", "off the coast"], {"stream": True, "prompt": "off the coast"}),
        (["--", ""], {"prompt": ""}),
        ([""], {"prompt": ""}),
    ],
)
def test_words_of_a_shell_mean(arguments: list[str], values: dict[str, object]) -> None:
    flags = parse_words(arguments)

    assert flags.faults == ()
    assert flags.values == values


@pytest.mark.parametrize("arguments", [["--seed"], ["--seed", "--echo"], ["--seed", "--", "Hi"]])
def test_a_word_may_lack_its_value_too(arguments: list[str]) -> None:
    assert [fault.parameter for fault in parse_words(arguments).faults] == ["seed"]


@settings(max_examples=300)
@given(st.text(max_size=80))
@example("")
@example(" -- x")
@example("\x1f")
@example("—")
@example('--stop "')
def test_any_prompt_survives_to_the_letter(prompt: str) -> None:
    assert values_in(f"-- {prompt}") == {"prompt": prompt}
    assert values_in(f'--stop "a b" -t 1 -- {prompt}')["prompt"] == prompt
    assert parse_words(["--", prompt]).values == {"prompt": prompt}
    if prompt and not prompt[0].isspace() and not starts_like_flag(prompt):
        assert values_in(prompt) == {"prompt": prompt}
        assert values_in(f"-t 1 {prompt}")["prompt"] == prompt


@settings(max_examples=400)
@given(written_requests)
def test_a_request_written_as_flags_parses_back_to_itself(request: CompletionRequest) -> None:
    flags = parse_text(to_flags(request))

    assert flags.faults == ()
    assert CompletionRequest.model_validate(dict(flags.values)) == request
    assert flags.system is None
    assert flags.reply is None


@settings(max_examples=400)
@given(
    ANYTHING
    | st.lists(FLAG_PIECES | ANYTHING, max_size=12).flatmap(
        lambda pieces: st.sampled_from(["", " "]).map(lambda gap: gap.join(pieces))
    )
)
def test_no_text_raises(text: str) -> None:
    flags = parse_text(text)

    named = [fault.parameter for fault in flags.faults if fault.parameter]
    assert len(named) == len(set(named))


@settings(max_examples=200)
@given(st.lists(FLAG_PIECES | ANYTHING, max_size=8))
def test_no_words_raise(arguments: list[str]) -> None:
    parse_words(arguments)


def test_flags_read_well_when_written() -> None:
    request = CompletionRequest.model_validate(
        {
            "model": "grok-4.3",
            "prompt": "--Why?",
            "temperature": 0.2,
            "stop": ["\n", "END"],
            "echo": False,
            "logit_bias": {"5": -1},
        }
    )

    assert to_flags(request) == (
        '--model grok-4.3 --temperature 0.2 --stop "\n" --stop END --no-echo --logit-bias 5=-1 '
        "-- --Why?"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "-a " * 20_000,
        "--temprature=1 " * 5_000,
        "--stop x " * 20_000,
        '--stop "' * 5_000,
        "--stop «" * 5_000,
        "--echo off " * 20_000,
        "--max-tokens " + "1.000" * 20_000,
        "--stop „x " * 20_000,
        "--logit-bias {" * 5_000,
        "--temperature " + "9" * 100_000 + "x",
        "--" + "a" * 100_000,
        "--logit-bias " + "," * 100_000,
    ],
)
def test_work_does_not_grow_with_the_square_of_the_text(text: str) -> None:
    flags = parse_text(text)  # the test's own timeout is the bound

    assert flags.values or flags.faults


def test_a_number_of_any_length_is_a_fault_of_its_flag() -> None:
    for number in ("1" + ",000" * 2_000, "9" * 9_000):
        flags = parse_text(f"--n {number} Hi")
        assert [fault.parameter for fault in flags.faults] == ["n"]


def test_files_are_named_in_the_terminal_and_attached_in_slack() -> None:
    there = parse_words(["--file", "a.png", "--file=b c.pdf", "-t", "0.5", "Which?"])
    without = parse_words(["--file"])
    here = parse_text("--file a.png Which?")

    assert (there.files, there.values["prompt"], there.faults) == (
        ("a.png", "b c.pdf"),
        "Which?",
        (),
    )
    (fault,) = without.faults
    assert words.fault_line(fault) == "--file: has no value; allowed: the path of a file"
    assert [fault.problem for fault in here.faults] == [words.FILES_ARE_ATTACHED]
    assert (here.files, here.values["prompt"]) == ((), "Which?")


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("--p Hello there", "Hello there"),
        ("--f Why so", "Why so"),
        ("--r Why so", "Why so"),
        ("--st Why so", "Why so"),
        ("--max 300 Why so", "Why so"),
        ("--temp 0.2 Why so", "Why so"),
    ],
)
def test_no_word_of_a_question_is_lost_behind_the_beginning_of_a_flag(
    text: str, prompt: str
) -> None:
    found = parse_text(text)
    assert found.faults
    assert found.values["prompt"] == prompt
