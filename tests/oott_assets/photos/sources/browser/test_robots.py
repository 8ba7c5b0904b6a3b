import pytest

from oott_assets.photos.sources.browser.robots import robots_for

SITE = "https://www.example.com"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/p/a/", True),
        ("User-agent: *\nDisallow:\n", "/p/a/", True),
        ("User-agent: *\nDisallow: /\n", "/p/a/", False),
        ("\ufeffUser-agent: *\r\nDisallow: /p/ # photos\r\n", "/p/a/", False),
        ("User-agent: *\nDisallow: /p/\n", "/explore/tags/p/", True),
        # The longest matching rule decides, in any order.
        ("User-agent: *\nAllow: /\nDisallow: /p/\n", "/p/a/", False),
        ("User-agent: *\nDisallow: /\nAllow: /p/\n", "/p/a/", True),
        ("User-agent: *\nDisallow: /p/\nAllow: /p/\n", "/p/a/", True),
        # A crawler with its own group ignores the group for all crawlers.
        ("User-agent: oott\nDisallow: /\n\nUser-agent: *\nAllow: /\n", "/p/a/", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: OOTT\nAllow: /\n", "/p/a/", True),
        ("User-agent: OOTT\nUser-agent: other\nDisallow: /p/\n", "/p/a/", False),
        ("User-agent: OOTT\nAllow: /\n\nUser-agent: OOTT\nDisallow: /p/\n", "/p/a/", False),
        ("User-agent: other\nDisallow: /\n", "/p/a/", True),
        # Wildcards and end anchors.
        ("User-agent: *\nDisallow: /*/tags/\n", "/explore/tags/a/", False),
        ("User-agent: *\nDisallow: /*.jpg$\n", "/cdn/a.jpg", False),
        ("User-agent: *\nDisallow: /*.jpg$\n", "/cdn/a.jpg?sig=1", True),
        ("User-agent: *\nDisallow: /p/$\n", "/p/", False),
        ("User-agent: *\nDisallow: /p/$\n", "/p/a/", True),
        ("User-agent: *\nDisallow: /p/*/a/$\n", "/p/a/", True),
        ("User-agent: *\nDisallow: /*a/*a/$\n", "/p/a/b/a/", False),
        # With backtracking, this would take extremely long.
        (f"User-agent: *\nDisallow: /{'*a' * 50}*b\n", f"/{'a' * 500}", True),
        # A rule matches a character both with and without percent-encoding.
        (
            "User-agent: *\nDisallow: /explore/tags/홍대/\n",
            "/explore/tags/%ED%99%8D%EB%8C%80/",
            False,
        ),
        ("User-agent: *\nDisallow: /explore/tags/%ed%99%8d\n", "/explore/tags/홍대/", False),
        ("Disallow: /\n", "/p/a/", True),
        ("<html>not found</html>", "/p/a/", True),
    ],
)
def test_the_longest_matching_rule_of_the_crawlers_group_decides(
    text: str, path: str, allowed: bool
) -> None:
    assert robots_for("OOTT", text).allows(SITE + path) is allowed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 7\n", 7),
        ("User-agent: *\nCrawl-delay: 0.5\n", 0.5),
        ("User-agent: *\nCrawl-delay: soon\n", 0),
        ("User-agent: other\nCrawl-delay: 7\n", 0),
        ("User-agent: *\nCrawl-delay: 7\n\nUser-agent: OOTT\nAllow: /\n", 0),
    ],
)
def test_the_delay_comes_from_the_crawlers_own_group(text: str, seconds: float) -> None:
    assert robots_for("OOTT", text).delay_seconds == seconds
