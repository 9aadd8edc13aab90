"""The policy: identity and refusal of what it does not know."""

import pytest

from pyrite import Policy
from pyrite.feasibility.errors import PyriteError


def test_round_trip() -> None:
    policy = Policy(value_tolerance=1e-4, seed=3)
    assert Policy.from_dict(policy.to_dict()) == policy
    assert policy.digest != Policy().digest


def test_unknown_setting_is_named() -> None:
    with pytest.raises(PyriteError, match="tolerence"):
        Policy.from_dict({"tolerence": 1})


def test_negative_limit_is_refused() -> None:
    with pytest.raises(PyriteError, match="time_limit"):
        Policy(time_limit=-1)


def test_every_setting_has_a_meaning() -> None:
    assert set(Policy.meanings()) == set(Policy().to_dict())
