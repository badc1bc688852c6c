"""URLs against block lists: what counts as the same host, and what a bad line in a list does."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters._lists import Entries
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.url_rules import UrlRules
from headrace.shards.base.errors import InputError


def judged(rules, *urls):
    verdicts = rules.judge(batch_of([Record(url, {}, text="x") for url in urls], "text"))
    return [None if rule < 0 else rules.reasons[rule] for rule in verdicts.rule.tolist()]


def blocked(domain, *urls):
    return [reason == "blocked_domain" for reason in judged(UrlRules(domains=Entries((domain,))), *urls)]


@pytest.mark.parametrize("domain", ["bad.example", "Bad.EXAMPLE", "*.bad.example", ".bad.example.", "bad%2Eexample"])
def test_a_domain_blocks_itself_and_what_lies_below(domain):
    yes = ["http://bad.example", "https://BAD.example./x", "//a.b.bad.example:8080?q", "ftp://u:p@bad.example/"]
    no = ["http://notbad.example/", "http://bad.example.org/", "http://good.example/bad.example", "mailto:x@y", ""]
    assert blocked(domain, *yes) == [True] * len(yes)
    assert blocked(domain, *no) == [False] * len(no)


def test_international_hosts_have_one_form():
    same = [
        "http://bücher.example/",
        "http://BÜCHER.example/",
        "http://xn--bcher-kva.example/",
        "http://b%C3%BCcher.example",
    ]
    for domain in ("bücher.example", "xn--bcher-kva.example"):
        assert blocked(domain, *same) == [True] * 4


def test_ip_hosts():
    ips = ["http://1.2.3.4/", "http://[2001:DB8::1]:80/", "http://3232235777/", "http://0x7f.1/"]
    names = ["http://1.2.3.4.example/", "http://a1/", "http://4chan.example"]
    assert judged(UrlRules(allow_ip_hosts=False), *ips, *names) == ["ip_host"] * 4 + [None] * 3
    assert judged(UrlRules(), *ips) == [None] * 4
    assert blocked("3.4", "http://1.2.3.4/") == [False]
    assert blocked("1.2.3.4", "http://1.2.3.4/x") == [True]
    assert blocked("[2001:db8::1]", "http://[2001:DB8::1]/x") == [True]


def test_words():
    rules = UrlRules(
        subwords=Entries(("bigwin", "xxl")),
        hard_words=Entries(("Casino",)),
        soft_words=Entries(("win", "free", "größe")),
    )
    urls = {
        "http://a.example/the-casino/": "hard_word",
        "http://a.example/casinos": None,
        "http://big-win.example/": "subword",
        "http://a.example/x/x/l": "subword",
        "http://a.example/free/free": None,
        "http://win.example/FREE.html": "soft_words",
        "http://a.example/gr%C3%B6%C3%9Fe?win": "soft_words",
        "casino://a.example/": None,
        "http://a.example/#casino": None,
    }
    assert judged(rules, *urls) == list(urls.values())
    assert judged(UrlRules(soft_words=rules.soft_words, max_soft_words=2), "http://win.example/free") == [None]


def test_urls():
    rules = UrlRules(urls=Entries(("http://a.example/Page?q=1", "b.example")))
    urls = {
        "https://A.example:443/Page?q=1#part": "blocked_url",
        "http://a.example/page?q=1": None,
        "http://a.example/Page": None,
        "http://b.example/": "blocked_url",
        "http://www.b.example/": None,
    }
    assert judged(rules, *urls) == list(urls.values())


def test_records_without_url():
    assert judged(UrlRules(), None, "", "http://a.example") == [None] * 3
    assert judged(UrlRules(allow_missing=False), None, " ", "http://a.example") == ["no_url", "no_url", None]


def test_evidence_names_what_was_found():
    rules = UrlRules(domains=Entries(("b.example",)), hard_words=Entries(("casino",)))
    verdicts = rules.judge(batch_of([Record("http://a.b.example/casino", {}, text="")], "text"))
    assert verdicts.evidence == [{"blocked_domains": ["b.example"], "hard_words": ["casino"]}]
    assert (verdicts.value[0], verdicts.threshold[0]) == (1, 0)
    assert rules.bounds == {"allow_missing", "max_soft_words", "allow_ip_hosts"}


LIST = "\ufeff# a comment\nbad.example\r\n\n  worse.example  \n"


def test_a_list_is_read_from_its_file(tmp_path):
    file = tmp_path / "domains.txt"
    file.write_text(LIST, encoding="utf-8")
    rules = UrlRules(domains=Entries(files=(file,)))
    assert rules.files() == (str(file),)
    assert judged(rules, "http://bad.example", "http://x.worse.example", "http://a.example") == [
        "blocked_domain",
        "blocked_domain",
        None,
    ]


@pytest.mark.parametrize(
    ("lists", "line", "told"),
    [
        ("domains", b"http://bad.example/", r"line 5: .*Found: 'http://bad.example/'. Expected: a domain"),
        ("domains", b"0.0.0.0 bad.example", "Expected: a domain"),
        ("domains", b"bad..example", "Expected: a domain"),
        ("domains", b"bad.example\xff", r"Found: bad.example\\xff. Expected: UTF-8"),
        ("domains", b"bad\x00.example", "Expected: a domain"),
        ("urls", b"http:// bad.example/a b", "Expected: a URL"),
        ("urls", b"/path", "Expected: a"),
        ("hard_words", b"two words", "Expected: one word"),
    ],
)
def test_a_line_that_is_no_entry_is_told_or_skipped(tmp_path, lists, line, told):
    file = tmp_path / "list.txt"
    good = LIST if lists != "hard_words" else "\n\n\n\ngood\n"
    file.write_bytes(good.encode() + line + b"\nlast\n")
    with pytest.raises(InputError, match=told):
        UrlRules(**{lists: Entries(files=(file,))})
    with pytest.warns(UserWarning, match=r"list.txt, line \d: .* is left out"):
        rules = UrlRules(**{lists: Entries(files=(file,))}, skip_invalid_lines=True)
    assert judged(rules, "http://last/") != [None]


def test_a_list_that_is_not_there_and_an_entry_of_the_recipe_that_is_none(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        UrlRules(domains=Entries(files=(tmp_path / "none.txt",)))
    with pytest.raises(ValueError, match="a domain, not 'a b'"):
        UrlRules(domains=Entries(("a b",)))


LABELS = st.lists(st.sampled_from(["a", "b", "bad", "x-y", "com"]), min_size=1, max_size=4).map(".".join)


@given(listed=st.lists(LABELS, max_size=5), hosts=st.lists(LABELS, min_size=1, max_size=5))
def test_suffixes_are_those_of_the_obvious_comparison(listed, hosts):
    rules = UrlRules(domains=Entries(tuple(listed)))
    found = judged(rules, *(f"http://{host}/bad.com" for host in hosts))
    slow = [any(host == each or host.endswith(f".{each}") for each in listed) for host in hosts]
    assert [reason == "blocked_domain" for reason in found] == slow


@example(subwords=["1"], path="%11")
@given(subwords=st.lists(st.text("abc1", min_size=1, max_size=4), max_size=8), path=st.text("abc1-/_ä%", max_size=20))
def test_subwords_are_those_of_the_obvious_search(subwords, path):
    rules = UrlRules(subwords=Entries(tuple(subwords)))
    flat = re.sub(r"[\W_]", "", unquote(f"c.example/{path}").lower())
    slow = any(each in flat for each in subwords)
    assert (judged(rules, f"http://c.example/{path}") == ["subword"]) == slow


@given(st.lists(st.text(max_size=30) | st.none(), max_size=5))
def test_any_text_survives_as_url(urls):
    assert len(judged(UrlRules(allow_ip_hosts=False), *urls)) == len(urls)
