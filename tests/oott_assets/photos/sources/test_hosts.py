import pytest

from oott_assets.photos.sources.hosts import host_of, is_permitted


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


def test_the_host_of_a_url_has_no_user_port_or_path() -> None:
    assert host_of("https://user:word@CDN.example.org:8443/a.jpg?token=1") == "cdn.example.org"
    assert host_of("nonsense") == ""
