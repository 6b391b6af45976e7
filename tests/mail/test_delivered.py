"""What the deliverer wrote on top of a mail is its envelope, and what anybody wrote names no stranger."""

import pytest

from gateway.mail.delivered import delivered


def read(head: str):
    return delivered(f"{head}\r\nSubject: x\r\n\r\nReturn-Path: <body@evil.example>\r\n".encode(), is_ours)


def is_ours(address: str) -> bool:
    return address.endswith("@shop.example")


def test_only_the_first_return_path_is_the_deliverers():
    found = read("Return-Path: <ana@example.net>\r\nReturn-Path: <evil@example.org>")
    assert (found.reverse_path, found.has_return_path) == ("ana@example.net", True)


@pytest.mark.parametrize("head", ["X: y", "Return-Path: <>", "Return-Path: <a b>", "Return-Path:"])
def test_without_a_good_return_path_it_is_the_null_reverse_path(head: str):
    assert read(head).reverse_path is None


def test_forward_paths_are_ours_and_each_once():
    found = read(
        "Delivered-To: shop@shop.example\r\nX-Original-To: <orders@shop.example>\r\n"
        "Delivered-To: somebody@else.example\r\nDelivered-To: shop@shop.example"
    )
    assert found.forward_paths == ("orders@shop.example", "shop@shop.example")


def test_a_mail_with_lf_alone_is_read_too():
    assert delivered(b"Return-Path: <ana@example.net>\nSubject: x\n\nHello\n", is_ours).reverse_path
