from headrace.pipeline.dedup.url_dedup import UrlDedup


def records(*urls):
    return [{"text": str(number), "url": url} for number, url in enumerate(urls)]


def test_records_of_one_address_leave_one(deduplicate):
    some = records("http://E.org/a#x", "http://e.org:80/a", "http://e.org/b", "http://e.org/a?utm_source=mail")
    assert deduplicate(UrlDedup(), some, [1]).dropped == {1: (0, 1.0), 3: (0, 1.0)}


def test_records_without_a_url_are_left_alone(deduplicate):
    assert deduplicate(UrlDedup(), records(None, None, "", "", " ", " ", "a", "a")).dropped == {7: (6, 1.0)}


def test_the_users_own_tracking_parameters(deduplicate):
    some = records("http://e.org/?sid=1", "http://e.org/?sid=2", "http://e.org/?utm_a=1")
    assert deduplicate(UrlDedup(tracking=("sid",)), some).dropped == {1: (0, 1.0)}


def test_the_newest_crawl_of_a_page_stays(deduplicate):
    dates = ["2024-05-01T10:00:00Z", None, "2024-05-02T09:00:00+01:00", "2024-05-02T08:00:00Z"]
    some = [{"url": "http://e.org/", "text": str(date), "meta": {"date": date} if date else {}} for date in dates]
    stage = UrlDedup(keep="newest", by="date")
    assert deduplicate(stage, some, [2]).dropped == {0: (2, 1.0), 1: (2, 1.0), 3: (2, 1.0)}
