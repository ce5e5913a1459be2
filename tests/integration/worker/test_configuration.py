"""What `mmq.toml` says: accounts, budgets and lanes, or all that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.configuration.lanes import Sharing
from worker.errors import ConfigurationError
from worker.provider.account import Api
from worker.routing.accounts import Budget, serving
from worker.settings import Settings, load

KEY, SPARE = "sk-api-planted-main", "sk-api-planted-spare"
TWO = """
[[accounts]]
name = "main"
key_env = "MINIMAX_API_KEY"

[[accounts]]
name = "spare"
key_env = "SPARE_KEY"
"""


def settings(folder: Path, text: str, *, key_needed: bool = True, **environ: str) -> Settings:
    """The settings of a file, with two keys in the environment."""
    file = folder / "mmq.toml"
    file.write_text(text, encoding="utf-8")
    keys = {"MINIMAX_API_KEY": KEY, "SPARE_KEY": SPARE, "MMQ_HOME": str(folder), "MMQ_CONFIG": str(file)}
    return load({**keys, **environ}, key_needed=key_needed)


def problems(folder: Path, text: str, **environ: str) -> dict[str, str]:
    """Its problems: place to message and remedy, none of which repeats a key."""
    with pytest.raises(ConfigurationError) as caught:
        settings(folder, text, **environ)
    assert "planted" not in str(caught.value)
    return {problem.field: f"{problem.message}; {problem.remedy}" for problem in caught.value.problems}


def test_accounts_carry_everything_that_they_say(tmp_path: Path) -> None:
    """Each field of an account arrives, and what it leaves out is the environment's or the usual."""
    text = """
    [[accounts]]
    name = "main"
    key_env = "MINIMAX_API_KEY"

    [[accounts]]
    name = "old"
    api = "v1"
    base_url = "https://api.minimaxi.com/v1"
    key_file = "old.key"
    group_id = "1234567890"
    models = ["MiniMax-M2.5", "MiniMax-M2.7"]
    rpm = 60
    """
    (tmp_path / "old.key").write_text(f"{SPARE}\n")
    main, old = settings(tmp_path, text, MINIMAX_API="openai", MMQ_TPM="1000").payers
    assert (main.name, main.account.api, main.models) == ("main", Api.OPENAI, None)
    assert main.account.key.reveal() == KEY
    assert main.account.base_url == "https://api.minimax.io/v1"
    assert (old.account.api, old.account.base_url) == (Api.V1, "https://api.minimaxi.com/v1")
    assert (old.account.key.reveal(), old.account.group_id) == (SPARE, "1234567890")
    assert (main.budget, old.budget) == (Budget(tpm=1000), Budget(rpm=60, tpm=1000))
    assert [[payer.serves(model) for model in ("MiniMax-M2.7", "MiniMax-M3")] for payer in (main, old)] == [
        [True, True],
        [True, False],
    ]


def test_a_budget_is_the_nearest_that_is_said(tmp_path: Path) -> None:
    """Figure by figure: the account's own, for the model or at all, then the defaults', then the environment's."""
    text = f"""
    [defaults]
    tpm = 4
    [defaults.limits."MiniMax-M2.7"]
    rpm = 3
    tpm = 3
    concurrency = 3
    {TWO}
    rpm = 2
    [accounts.limits."MiniMax-M2.7"]
    concurrency = 1
    """
    main, spare = settings(tmp_path, text, MMQ_CONCURRENCY="5", MMQ_TPM="5").payers
    assert spare.budget_of("MiniMax-M2.7") == Budget(rpm=2, tpm=3, concurrency=1)
    assert spare.budget_of("MiniMax-M3") == Budget(rpm=2, tpm=4, concurrency=5)
    assert main.budget_of("MiniMax-M2.7") == Budget(rpm=3, tpm=3, concurrency=3)
    assert main.budget_of("MiniMax-M3") == Budget(tpm=4, concurrency=5)


def test_lanes_and_pacing_are_for_all(tmp_path: Path) -> None:
    """What the tables say replaces the usual values."""
    text = "[lanes]\ndefault_floor = 0\nbulk_floor = 7\ninteractive_reserve = 0.25\n[pacing]\nburst_s = 0.5"
    assert settings(tmp_path, text).sharing == Sharing(0, 7, 0.25, 0.5)
    assert settings(tmp_path, "").sharing == Sharing()


def test_a_file_without_accounts_adds_budgets_to_that_of_the_environment(tmp_path: Path) -> None:
    """The one account stays as its variables say."""
    (payer,) = settings(tmp_path, '[defaults.limits."MiniMax-M3"]\nrpm = 9', MINIMAX_API="openai").payers
    assert (payer.name, payer.account.api, payer.account.key.reveal()) == ("default", Api.OPENAI, KEY)
    assert (payer.budget_of("MiniMax-M3").rpm, payer.budget_of("MiniMax-M2.7").rpm) == (9, None)


def test_moving_all_accounts_to_another_api_is_one_setting(tmp_path: Path) -> None:
    """Accounts that name no API speak MINIMAX_API's."""
    for api in Api:
        text = TWO.replace("key_env", 'group_id = "1"\nkey_env')
        assert {payer.account.api for payer in settings(tmp_path, text, MINIMAX_API=api).payers} == {api}


def test_the_file_is_the_named_one_or_that_of_the_folder_or_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this order; relative key files are beside it."""
    places = {name: tmp_path / name for name in ("named", "here", "home")}
    for name, folder in places.items():
        folder.mkdir()
        (folder / "mmq.toml").write_text(f'[[accounts]]\nname = "{name}"\nkey_file = "key"')
        (folder / "key").write_text(f"key-of-{name}")
    monkeypatch.chdir(places["here"])

    def found(**environ: str) -> tuple[str, str]:
        account = load({"MMQ_HOME": str(places["home"]), **environ}, key_needed=True).account
        assert account is not None
        return account.name, account.key.reveal()

    assert found(MMQ_CONFIG=str(places["named"] / "mmq.toml")) == ("named", "key-of-named")
    assert found() == ("here", "key-of-here")
    (places["here"] / "mmq.toml").unlink()
    assert found() == ("home", "key-of-home")


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("[[accounts]\n", "mmq.toml", "at line 1"),
        (f'{TWO}\nkey = "sk-api-planted"', "mmq.toml accounts.spare.key", 'key_env = "MINIMAX_API_KEY_2"'),
        (TWO.replace("SPARE_KEY", "sk-api-planted"), "mmq.toml accounts.spare.key_env", "is it the key itself"),
        (TWO.replace("SPARE_KEY", "NO_SUCH_KEY"), "mmq.toml accounts.spare.key_env", "NO_SUCH_KEY is not set"),
        (f'{TWO}\nkey_file = "x"', "mmq.toml accounts.spare.key_env", "keep one"),
        ('[[accounts]]\nname = "a"\nkey_file = "none"', "mmq.toml accounts.a.key_file", "cannot be read"),
        ('[[accounts]]\nname = "a"', "mmq.toml accounts.a.key_env", "so is key_file"),
        (TWO.replace('"spare"', '"main"'), "mmq.toml accounts.main.name", "taken"),
        (TWO.replace('"spare"', '"a b"'), "mmq.toml accounts.[2].name", "letters"),
        (f'{TWO}\nbase_ulr = "x"', "mmq.toml accounts.spare.base_ulr", "did you mean base_url?"),
        (f'{TWO}\napi = "v3"', "mmq.toml accounts.spare.api", "v2, openai, v1"),
        (f'{TWO}\napi = "v1"', "mmq.toml accounts.spare.group_id", "1004"),
        (
            f'{TWO}\nbase_url = "https://api.minimax.io/v1/text/chatcompletion_v2"',
            "mmq.toml accounts.spare.base_url",
            "set the API root",
        ),
        (f"{TWO}\nrpm = 0", "mmq.toml accounts.spare.rpm", "above zero"),
        (f"{TWO}\nconcurrency = 1.5", "mmq.toml accounts.spare.concurrency", "whole"),
        (f'{TWO}\nmodels = ["minimax-m2.7"]', "mmq.toml accounts.spare.models", "MiniMax-M2.7"),
        (f"{TWO}\nmodels = []", "mmq.toml accounts.spare.models", "list"),
        (
            f'{TWO}\nmodels = ["MiniMax-M3"]\n[accounts.limits."MiniMax-M2.7"]\nrpm = 1',
            'mmq.toml accounts.spare.limits."MiniMax-M2.7"',
            "MiniMax-M3",
        ),
        (
            f'{TWO}\n[accounts.limits."MiniMax-M2.7"]\nrmp = 1',
            'mmq.toml accounts.spare.limits."MiniMax-M2.7".rmp',
            "did you mean rpm?",
        ),
        ("[acounts]", "mmq.toml acounts", "did you mean accounts?"),
        ('[accounts]\nname = "a"', "mmq.toml accounts", "[[accounts]]"),
        ("[lanes]\nbulk_flor = 3", "mmq.toml lanes.bulk_flor", "did you mean bulk_floor?"),
        ("[lanes]\ninteractive_reserve = 1", "mmq.toml lanes.interactive_reserve", "below 1"),
        ("[defaults]\nrpm = true", "mmq.toml defaults.rpm", "number"),
        ("defaults = 3", "mmq.toml defaults", "table"),
    ],
)
def test_each_problem_is_named_by_its_place_with_a_remedy(tmp_path: Path, text: str, place: str, said: str) -> None:
    """Whoever reads it knows where to look and what to write; no key is repeated."""
    assert said in problems(tmp_path, text)[place]


def test_all_problems_of_file_and_environment_are_told_at_once(tmp_path: Path) -> None:
    """Somebody who mends three things should not have to try three times."""
    text = f'{TWO}\nrpm = -1\n[lanes]\nbulk_flor = 1\n[[accounts]]\nname = "third"'
    found = problems(tmp_path, text, MMQ_TPM="many")
    places = ("accounts.spare.rpm", "lanes.bulk_flor", "accounts.third.key_env")
    assert set(found) == {"MMQ_TPM", *(f"mmq.toml {place}" for place in places)}


def test_a_missing_file_that_was_named_is_a_problem(tmp_path: Path) -> None:
    """Going on with the wrong account would be worse."""
    with pytest.raises(ConfigurationError, match="MMQ_CONFIG"):
        load({"MMQ_HOME": str(tmp_path), "MMQ_CONFIG": str(tmp_path / "none.toml")})


def test_enqueuing_needs_no_key_of_any_account(tmp_path: Path) -> None:
    """A producer knows what is served without being able to call."""
    loaded = settings(tmp_path, TWO, key_needed=False, SPARE_KEY="", MINIMAX_API_KEY="")
    assert loaded.account is None
    assert [payer.name for payer in serving(loaded.payers, "MiniMax-M2.7")] == ["main", "spare"]


def test_what_the_file_makes_useless_is_warned_of(tmp_path: Path) -> None:
    """Variables of the one account that no account of the file uses, and two accounts with one key."""
    text = TWO.replace('"MINIMAX_API_KEY"', '"SPARE_KEY"').replace("key_env", 'api = "v2"\nkey_env')
    warnings = settings(tmp_path, text, MINIMAX_GROUP_ID="1", MINIMAX_API="v1").warnings
    assert [warning.split(" ", 1)[0] for warning in warnings] == [
        "MINIMAX_API_KEY",
        "MINIMAX_GROUP_ID",
        "MINIMAX_API",
        "the",
    ]
    assert "same key" in warnings[-1]
    assert settings(tmp_path, TWO, MINIMAX_API="openai").warnings == ()


def test_variables_named_for_keys_are_no_strangers(tmp_path: Path) -> None:
    """MINIMAX_API_KEY_2 is read, since an account names it; so is its file."""
    text = TWO.replace("SPARE_KEY", "MINIMAX_API_KEY_2")
    assert settings(tmp_path, text, MINIMAX_API_KEY_2=SPARE).warnings == ()
    (tmp_path / "key").write_text(SPARE)
    loaded = settings(tmp_path, text, MINIMAX_API_KEY_2_FILE=str(tmp_path / "key"))
    assert (loaded.warnings, loaded.payers[1].account.key.reveal()) == ((), SPARE)


def test_keys_do_not_show_in_a_repr(tmp_path: Path) -> None:
    """Settings end up in logs and tracebacks sooner or later."""
    assert "planted" not in repr(settings(tmp_path, TWO))


def test_the_example_can_be_used(tmp_path: Path) -> None:
    """examples/mmq.toml, with the keys that it names, is accepted without a remark."""
    (tmp_path / "legacy.key").write_text(f"{KEY}-legacy")
    text = (Path(__file__).parents[3] / "examples" / "mmq.toml").read_text("utf-8")
    loaded = settings(tmp_path, text, MINIMAX_API_KEY_2=SPARE)
    assert [payer.name for payer in loaded.payers] == ["main", "spare", "legacy"]
    assert loaded.warnings == ()
    assert loaded.sharing == Sharing()
