"""An instant beyond the terms that are counted is a matter of usage, and no failure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gsomia.agreement import Record, state_at
from gsomia.app import offered_law, shipped_acts
from gsomia.errors import UsageError


def test_an_instant_beyond_the_terms_that_are_counted_is_told() -> None:
    record = Record(shipped_acts())
    with pytest.raises(UsageError, match="beyond the 400 terms"):
        state_at(offered_law().agreements["jpn-kor-2016"], record, datetime(2417, 1, 1, tzinfo=UTC))
