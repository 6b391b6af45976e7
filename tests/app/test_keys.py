import pytest

from gateway.app.keys import load_keys, new_keys_text
from gateway.kernel.errors import InputError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "keys.toml"


def test_fresh_keys_can_be_read_and_are_never_the_same(file):
    file.write_text(new_keys_text())
    first = load_keys(file)
    file.write_text(new_keys_text())
    second = load_keys(file)
    assert set(first.tokens) == {1}
    assert len(first.tokens[1]) == len(first.address) == 32
    assert len({first.address, second.address, first.tokens[1], second.tokens[1]}) == 4


def test_keys_are_not_shown(file):
    file.write_text(new_keys_text())
    keys = load_keys(file)
    assert repr(keys) == "Keys(tokens=[1])"
    assert keys.address.hex() not in str(keys)


def test_an_added_key_is_read_beside_the_old_one(file):
    file.write_text(new_keys_text() + f'2 = "{"ab" * 32}"\n')
    keys = load_keys(file)
    assert max(keys.tokens) == 2
    assert keys.tokens[2] == b"\xab" * 32


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "has no"),
        ("tokens = 5", "has no"),
        ("[tokens]", "has no"),
        ("not toml", "is not the keys file"),
        (f'address = "{"ab" * 32}"\n[tokens]\n0 = "{"ab" * 32}"', "0 is not a number from 1 to 255"),
        (f'address = "{"ab" * 32}"\n[tokens]\nx = "{"ab" * 32}"', "x is not a number from 1 to 255"),
        (f'address = "{"ab" * 32}"\n[tokens]\n1 = "ab"', "1 must be 64 hexadecimal digits"),
        (f'address = "{"ab" * 32}"\n[tokens]\n1 = "{"zz" * 32}"', "1 must be 64 hexadecimal digits"),
        (f'[tokens]\n1 = "{"ab" * 32}"', "address must be 64 hexadecimal digits"),
    ],
)
def test_a_spoilt_file_is_told_without_its_secrets(file, text, complaint):
    file.write_text(text)
    with pytest.raises(InputError, match=complaint) as refused:
        load_keys(file)
    assert "abab" not in str(refused.value)


def test_a_lost_file_says_what_to_do(file):
    with pytest.raises(InputError, match="restore it from a copy"):
        load_keys(file)
