"""What is taken for personal data and what is not, and that redaction changes nothing else and nothing twice."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.pii import Pii

MARKED = Pii(email="<EMAIL>", ipv4="<IPV4>", ipv6="<IPV6>", phone="<PHONE>")


def redacted(*texts, plugin=MARKED):
    found = plugin.measure(batch_of([Record(None, {}, text=text) for text in texts], "text"))
    return list(texts) if found.edited is None else found.edited.to_pylist()


EMAILS = {
    "a@b.de": "<EMAIL>",
    "Write to <john.smith+x@mail.Example-Mill.co.uk>.": "Write to <<EMAIL>>.",
    "mailto:jo@mill.net?subject=x": "mailto:<EMAIL>?subject=x",
    "x=jo_1@mill.net, '-jim@xn--mller-kva.xn--p1ai'": "x=<EMAIL>, '-<EMAIL>'",
    "邮箱jo@mill.net。": "邮箱<EMAIL>。",
    "git@github.com:mill/wheel": "<EMAIL>:mill/wheel",
    "jo@example.com, jo@a.example.org, jo@mill.test": None,
    "jo@localhost, jo@mill, @jo, jo@, jo @mill.net, jo.@mill.net": None,
    "npm install wheel@1.2.3 icon@2x.png a@b..de a@-b.de": None,
    "x" * 65 + "@mill.net jo@mill.net@mill.net": None,
}

IPS = {
    "from 81.2.69.142 to 81.2.69.143:80, (81.2.69.144)/24": "from <IPV4> to <IPV4>:80, (<IPV4>)/24",
    "http://81.2.69.142/x ip:81.2.69.142. End": "http://<IPV4>/x ip:<IPV4>. End",
    "10.0.0.12 127.0.0.1 192.168.1.17 172.20.1.1 169.254.1.1 100.64.0.12 0.0.0.0": None,
    "192.0.2.17 198.51.100.17 203.0.113.17 224.0.0.17 255.255.255.255": None,
    "Chrome/91.0.44.124 v81.2.69.142 version 81.2.69.142 Ver. 81.2.69.142 release: 12.1.0.2": None,
    "8.8.8.8 1.2.3.4 53.2.2.1 12.31.3.20 81.2.69 81.2.69.142.7 7.81.2.69.142 81.2.69.256 81.02.69.142": None,
    "lib-81.2.69.142.so 81.2.69.142-1 81.2.69.142b x81.2.69.142": None,
    "[2a02:26f0::17] 2001:4860:4860:0:0:0:0:8888, see": "[<IPV6>] <IPV6>, see",
    "2001:db8::17 fe80::1 ::1 fd00::1 3fff::1 2001:4860 2024:12:31 std::abs 2a02::26f0::1 a2a02::1 1:2a02::1": None,
}

PHONES = {
    "+49 89 1234567": "<PHONE>",
    "Call +1 (212) 555-1234, +44.20.7946.0958 or tel:+33612345678.": "Call <PHONE>, <PHONE> or tel:<PHONE>.",
    "+49 (0)89/12 34-567; +49\u00a089\u00a01234567": "<PHONE>; <PHONE>",
    "(212) 555-1234 212-555-1234 1-212-555-1234 1 (212) 555-1234": "<PHONE> <PHONE> <PHONE> <PHONE>",
    "Tel.: 089 / 1234-567": "Tel.: 089 / 1234-567",
    "Tel.: 089/1234-567, Fax (089) 12345678": "Tel.: <PHONE>, Fax <PHONE>",
    "Téléphone : 01 23 45 67 89": "Téléphone : <PHONE>",
    "电话：13800138000 手机13800138000": "电话：<PHONE> 手机<PHONE>",
    "+1 202 555 0100, (202) 555-0199, Tel. 202-555-0123": None,
    "089 1234567, 0123456789, 212 555 1234, 212.555.1234, 5551234": None,
    "+2147483647 +922337203685477 +4 4294967295 +1234567 +12345678 C++ 2011-2014": None,
    "x+49 89 1234567, 1+49 89 1234567": None,
    "123-456-7890 012-555-1234 212-155-1234 212-555-12345 x212-555-1234 978-3-16-148410-0": None,
    "2021-03-04 12:30:45.123456, 1234567890123456, 3.14159265, 12,345,678, Tel. 12345": None,
    "+49 89 1234567 2a02, +49 89 12345678 10.0.0.1": "<PHONE> 2a02, <PHONE> 10.0.0.1",
    "2a02:26f0::17jo@mill.net": "<IPV6><EMAIL>",
    "Tel. 81.2.69.14 Tel. 10.20.30.40": "Tel. <IPV4> Tel. 10.20.30.40",
    "hotel 1234567, article 12345678, model: 1234567": None,
}


@pytest.mark.parametrize("table", [EMAILS, IPS, PHONES], ids=["emails", "ips", "phones"])
def test_what_is_taken(table):
    assert dict(zip(table, redacted(*table), strict=True)) == {text: after or text for text, after in table.items()}


def test_defaults_and_the_account(texts, reasons):
    batch = texts("jo@mill.net and jim@mill.net, 81.2.69.142, 2a02::1, +49 89 1234567", "nothing")
    found = Pii().measure(batch)
    assert found.edited.to_pylist() == [
        "email@example.com and email@example.com, 192.0.2.1, 2001:db8::1, 202-555-0100",
        "nothing",
    ]
    assert found.edits == [{"email": 2, "ipv4": 1, "ipv6": 1, "phone": 1, "bytes": 11}, None]
    assert found.values["replaced"].tolist() == [5, 0]
    assert reasons(Pii(max_replaced=4), batch) == ["too_much_personal_data", None]


def test_a_kind_can_be_left():
    text = "jo@mill.net 81.2.69.142 2a02::1 +49 89 1234567"
    assert redacted(text, plugin=Pii(email=None, ipv6=None, phone=None)) == [
        "jo@mill.net 192.0.2.1 2a02::1 +49 89 1234567"
    ]
    assert redacted(text, plugin=Pii(email="", ipv4=None, phone=None)) == [" 81.2.69.142 2001:db8::1 +49 89 1234567"]


def test_a_replacement_that_would_be_replaced_is_refused():
    for parameters in ({"email": "me@mill.net"}, {"ipv4": "81.2.69.142"}, {"phone": "+49 89 1234567"}):
        with pytest.raises(ValueError, match="itself replaced"):
            Pii(**parameters)


def test_a_document_is_not_read_beyond_its_bounds(texts):
    assert redacted(
        "jo@mill.n", "et jo", "@mill.net", "+49 89 12", "34567", "81.2.69.14", "2", "1", "212-555-1234"
    ) == [*("jo@mill.n", "et jo", "@mill.net", "+49 89 12", "34567", "<IPV4>", "2", "1", "<PHONE>")]


PIECES = st.sampled_from(
    [
        *(
            "jo",
            "@",
            "mill.net",
            "example.com",
            ".",
            "-",
            "+",
            " ",
            "  ",
            "\n",
            "/",
            ":",
            "(",
            ")",
            "é",
            "电话",
            "_",
            "x",
        ),
        *(
            "81.2.69.142",
            "10.0.0.1",
            "81",
            "2a02:26f0::17",
            "::1",
            "v",
            "+49 89 1234567",
            "212-555-1234",
            "1-",
            "Tel. ",
        ),
        *("(089) ", "1234567", "0", "12", "555-0100", "email@example.com", "192.0.2.1", "jo@mill.net"),
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@given(text=TEXTS | st.text("a1.@+-: ()é", max_size=30))
@example("jo@mill.net@mill.net")
@example("+49 89 1234567+49 89 1234567")
def test_redacting_twice_is_redacting_once(text):
    for plugin in (Pii(), MARKED):
        [once] = redacted(text, plugin=plugin)
        assert redacted(once, plugin=plugin) == [once]


@given(text=st.text() | TEXTS)
def test_a_text_without_at_and_digits_is_left_alone(text):
    bare = re.sub(r"[0-9@]", "", text)
    found = Pii().measure(batch_of([Record(None, {}, text=bare)], "text"))
    assert found.edited is None
    assert found.edits == [None]


@given(texts=st.lists(TEXTS, max_size=5))
def test_all_that_is_not_replaced_stands_as_it_stood(texts):
    for text, after in zip(texts, redacted(*texts), strict=True):
        pieces = re.split(r"<(?:EMAIL|IPV4|IPV6|PHONE)>", after)
        pattern = ".+?".join(map(re.escape, pieces))
        assert re.fullmatch(pattern, text, re.DOTALL)


@given(text=st.text(st.sampled_from("ab1.-_@ "), max_size=25))
def test_addresses_are_those_of_the_obvious_pattern(text):
    local, label = r"(?<![\w.%+~@-])([._-]*)[ab1](?:[\w.-]*[\w-])?", r"[ab1](?:[ab1-]*[ab1])?"
    address = rf"{local}@(?:{label}\.)+[ab]{{2,24}}(?=[.-]*(?:[^ab1.@-]|$))"
    assert redacted(text) == [re.sub(address, r"\1<EMAIL>", text)]
