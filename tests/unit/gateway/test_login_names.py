"""What a log-in is called inside an app: by a name of this app alone, and nothing else opens it."""

from __future__ import annotations

from tests.unit.gateway.fakes_edge import build_city


def test_a_login_goes_by_the_name_of_this_app_alone() -> None:
    """The store's own id, which the other platform's app would have too, is neither shown nor taken."""
    city = build_city()
    token = city.log_in()
    (own,) = city.store.tables.logins
    (login,) = city.send("GET", "/v1/sessions", token=token).json["logins"]
    assert login["login_id"] != str(own)
    assert city.send("DELETE", f"/v1/logins/{own}", token=token).status == 404
    assert city.send("POST", f"/v1/logins/{own}/restore", token=token).status == 404
    assert city.send("DELETE", f"/v1/logins/{login['login_id']}", token=token).json["code"] == "last_login"
    assert city.send("POST", f"/v1/logins/{login['login_id']}/restore", token=token).status == 204
