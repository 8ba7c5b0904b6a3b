import pytest

from oott_assets.photos.sources.hosts import host_of, is_permitted, is_public


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/p/1/",
        "http://localhost/",
        "http://[::1]:5000/",
        "https://photos.example.org/a.jpg",
        "https://cdn.photos.example.org/a.jpg",
        "https://PHOTOS.example.org/a.jpg",
        "https://upper.example.org/",
    ],
)
def test_this_machine_and_permitted_hosts_with_their_subdomains_are_permitted(url: str) -> None:
    assert is_permitted(url, ["photos.example.org", "Upper.example.org"])


@pytest.mark.parametrize(
    "url",
    [
        "http://photos.example.org/a.jpg",
        "https://example.org/",
        "https://otherphotos.example.org/",
        "https://photos.example.org.evil.example/",
        "https://photos.example.org@evil.example/",
        "https://127.0.0.1@evil.example/",
        "https://evil.example\\@127.0.0.1/",
        "https://evil.example\\.photos.example.org/",
        "https://photos.example.org/a b",
        "https://photos.exa\nmple.org/",
        "https://..photos.example.org/",
        f"https://{'a' * 64}.photos.example.org/",
        "file://localhost/etc/passwd",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:65616/",
        "https://[::1/",
        "//photos.example.org/",
        "photos.example.org",
        "",
    ],
)
def test_other_hosts_and_schemes_are_not_permitted(url: str) -> None:
    assert not is_permitted(url, ["photos.example.org", ""])


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://8.8.8.8/a.jpg", True),
        ("https://[2001:4860:4860::8888]/a.jpg", True),
        ("http://8.8.8.8/a.jpg", False),
        ("https://127.0.0.1/a.jpg", False),
        ("https://10.1.2.3/a.jpg", False),
        ("https://192.168.0.1/a.jpg", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://100.64.0.1/a.jpg", False),
        ("https://224.0.0.1/a.jpg", False),
        ("https://[fe80::1]/a.jpg", False),
        ("https://[fd00::1]/a.jpg", False),
        ("https://[::ffff:10.0.0.1]/a.jpg", False),
        ("https://[64:ff9b::169.254.169.254]/a.jpg", False),
        ("https://[64:ff9b::10.0.0.1]/a.jpg", False),
        ("https://[64:ff9b::203.0.114.7]/a.jpg", True),
        ("https://[2002:a9fe:a9fe::1]/a.jpg", False),
        ("https://[2002:cb00:7207::1]/a.jpg", False),
        ("https://0.0.0.0/a.jpg", False),
        ("https:///a.jpg", False),
    ],
)
def test_only_https_on_a_public_ip_address_is_public(url: str, public: bool) -> None:
    assert is_public(url) is public


@pytest.mark.parametrize(
    ("addresses", "public"),
    [
        (["203.0.114.7"], True),
        (["203.0.114.7", "10.0.0.1"], False),
        (["fe80::1%eth0"], False),
        ([], True),
    ],
)
def test_a_host_name_is_public_if_all_its_ip_addresses_are(
    addresses: list[str], public: bool
) -> None:
    assert is_public("https://cdn.example.org/a.jpg", lambda _: addresses) is public


def test_localhost_is_not_public() -> None:
    assert not is_public("https://localhost/a.jpg")


def test_the_host_of_a_url_has_no_user_port_or_path() -> None:
    assert host_of("https://user:word@CDN.example.org:8443/a.jpg?token=1") == "cdn.example.org"
    assert host_of("nonsense") == ""
