"""``pyrite view``: pages on the loopback address, followed while a run goes on, and nothing but pages."""

import http.client
import threading

import pytest
from reporting import BAKERY, RIGHT, WRONG, verdict, write_run, wrong_verdict

from pyrite.cli.view import RunFollower, serve
from pyrite.feasibility.errors import PyriteError


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture
def ask(site):
    server = serve(site)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def get(path, host=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host if host is not None else f"127.0.0.1:{server.server_port}")
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())

    yield get
    server.shutdown()
    server.server_close()


def test_a_run_that_goes_on_is_followed(tmp_path, site, ask):
    problems = [BAKERY, {**BAKERY, "id": "other"}]
    run = write_run(tmp_path / "run", [wrong_verdict()], problems, {"bakery": WRONG})
    follower = RunFollower([run], site)
    assert follower.look()
    assert not follower.look()
    status, page, headers = ask("/")
    assert status == 200
    assert "0&nbsp;% are right" in page or "0\u00a0% are right" in page
    assert headers["Cache-Control"] == "no-store"
    assert ask("/problems/bakery.html")[0] == 200
    write_run(tmp_path / "run", [wrong_verdict(), verdict("other", None)], problems, {"bakery": WRONG, "other": RIGHT})
    assert follower.look()
    assert "50\u00a0% are right" in ask("/index.html")[1]
    (run / "verdicts.jsonl").unlink()
    assert not follower.look()  # not there for a moment: the pages stay
    assert ask("/index.html")[0] == 200


def test_what_is_wrong_at_first_is_said(tmp_path, site):
    with pytest.raises(PyriteError, match="does not exist"):
        RunFollower([tmp_path / "nowhere"], site).look()


def test_nothing_but_pages_of_the_folder_is_served(tmp_path, site, ask):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (site / "problems").mkdir()
    (site / "page.html").write_text("page")
    (site / ".hidden.html").write_text("secret")
    (site / "status.json").write_text("secret")
    (site / "link.txt").symlink_to(secret)
    (site / "folder").symlink_to(tmp_path)
    (site / "problems" / "deep").mkdir()
    (site / "problems" / "deep" / "x.html").write_text("secret")
    assert ask("/page.html")[:2] == (200, "page")
    for path in (
        *("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/problems/../../secret.txt", "//etc/passwd.txt"),
        *("/link.txt", "/folder/secret.txt", "/.hidden.html", "/status.json", "/problems/", "/problems/deep/x.html"),
        *("/page.html/", "/%00.html", "/..\\secret.txt", "/page.html%00.txt", "/problems"),
    ):
        status, text, _ = ask(path)
        assert status == 404, path
        assert "secret" not in text, path
    assert ask("/page.html", method="POST")[0] == 501
    for host in ("evil.example:80", "evil.example", "", "127.0.0.1.evil.example:80"):
        assert ask("/page.html", host=host)[0] == 404
    taken = serve(site)
    with pytest.raises(PyriteError, match="another --port"):
        serve(site, taken.server_port)
    taken.server_close()
