"""What travels with the program is found."""

from gateway.mail.defaults import shipped


def test_the_table_of_bounces_is_there():
    assert shipped("bounces.toml").is_file()


def test_what_is_not_there_has_a_place_all_the_same():
    assert not shipped("nothing.toml").exists()
