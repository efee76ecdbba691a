"""The ignore list: rows in, entries or one line of complaint out."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from models.errors import IgnoreListError
from models.health.ignoring import Ignored, read_ignored

HEADER = "scope,name,condition,from,until,reason"
AQTAU = ZoneInfo("Asia/Aqtau")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "line 1: the header lacks scope"),
        (["scope,name"], "line 1: the header lacks until"),
        ([HEADER, "camera,cam-1,,,2026-12-01,"], "line 2, column scope: 'camera' is none of device, site"),
        ([HEADER, "device,,,,2026-12-01,"], "line 2, column name: say which device"),
        ([HEADER, "device,cam-1,loud,,2026-12-01,"], "line 2, column condition: 'loud' is none of silent"),
        ([HEADER, "device,cam-1,,,,"], "line 2, column until: say when it ends"),
        ([HEADER, "device,cam-1,,,soon,"], "line 2, column until: 'soon' is no time"),
        ([HEADER, "device,cam-1,,,2026-12-01T08:00:00,"], "line 2, column until: '2026-12-01T08:00:00' has no offset"),
        ([HEADER, "", "device,cam-1,,2026-12-02,2026-12-01,"], "line 3, column until: lies before from"),
        ([HEADER, 'device,"cam-1'], "line 2: unexpected end of data"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_in_one_line(lines, complaint):
    with pytest.raises(IgnoreListError, match=r"^ignored\.csv: ") as refusal:
        read_ignored(lines, "ignored.csv", AQTAU)
    assert complaint in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_it_says():
    rows = [
        "uplink,lte-highway,silent,2026-12-01,2026-12-03,new masts",
        "device, cam-7 ,,,2026-12-01T00:00:00Z,",
        ",,,,,",
        "fleet,,unverified,,2026-12-01T05:00:00+05:00,",
    ]
    first, second, third = read_ignored([HEADER, *rows], "ignored.csv", AQTAU)
    assert first == Ignored("uplink", "lte-highway", "silent", 1_796_065_200, 1_796_238_000, "new masts")
    assert second == Ignored("device", "cam-7", None, 0, 1_796_083_200, "")
    assert third.until_s == second.until_s
