"""What is wrong with which device at a moment, judged for the whole fleet at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from models.health import states
from models.health.signals import SAID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.health.pulse import Pulse
    from models.health.roster import Roster
    from models.health.states import Limits


class Verdict(NamedTuple):
    """Rows by device number: who is in which condition, of whom it could be said at all, and the state of each.

    `suspected` are those too of whom it is true and not told yet, unless they share a cause with one that is told.
    `state` is empty of a device that is not valid now.
    """

    affected: dict[str, NDArray[np.bool_]]
    suspected: dict[str, NDArray[np.bool_]]
    judged: dict[str, NDArray[np.bool_]]
    state: list[str]


def judge(pulse: Pulse, roster: Roster, limits: Limits, now_s: float, watched_since_s: float) -> Verdict:
    """Judge every device at a time up to which all that arrived since `watched_since_s` has been taken in.

    A fleet of which nobody was heard has not begun to send, or an old one is replayed: then nobody is silent. A device
    that was never heard is, unless it moves (mobile units come and go), some time after the first of all was heard.
    """
    heard = pulse.heard_s > 0
    pause_s = now_s - np.where(heard, pulse.heard_s, max(watched_since_s, pulse.first_heard_s))
    away = (pulse.said == SAID.index("off")) | (pulse.said == SAID.index("maintenance"))
    official = roster.valid & ~roster.test
    expected = official & ~away & (heard | ~roster.mobile) & heard.any()
    overdue = pause_s > pulse.limit_s
    # Of neighbours one may have a slower rhythm: that it is late at all is enough where another one is silent.
    late = pause_s > np.minimum(pulse.usual_s, pulse.limit_s)
    present = heard & ~overdue
    off = (pulse.clock_side.length >= limits.samples) & (np.nan_to_num(pulse.clock_side.value) != 0)
    repeats = (pulse.same_event.length >= limits.repeats) | (pulse.same_status.length >= limits.repeats)
    judged = {
        states.SILENT: expected,
        states.WRONG_CLOCK: official & present,
        states.STUCK: official & present,
        states.UNVERIFIED: official,
    }
    found = {
        states.SILENT: late,
        states.WRONG_CLOCK: off,
        states.STUCK: repeats | (pulse.same_speed.length >= limits.same_speeds),
        states.UNVERIFIED: now_s >= roster.verified_until_s,
    }
    judged = {condition: mask & ~roster.ignored_in[condition] for condition, mask in judged.items()}
    suspected = {condition: judged[condition] & found[condition] for condition in states.CONDITIONS}
    silent = suspected[states.SILENT] & overdue
    # Neighbours fall silent within a minute: the first one waits for the others.
    told = silent & (pause_s > pulse.limit_s + limits.settle_s)
    state = _states(pulse, roster, suspected | {states.SILENT: silent})
    return Verdict(suspected | {states.SILENT: told}, suspected, judged, state)


def _states(pulse: Pulse, roster: Roster, suspected: dict[str, NDArray[np.bool_]]) -> list[str]:
    said = np.array([*SAID, states.UNSEEN])[pulse.said]  # -1 is the last: no status was heard yet
    said = np.where((pulse.said < 0) & (pulse.heard_s > 0), states.ACTIVE, said)
    ranked = [
        (~roster.valid, ""),
        (roster.ignored, states.IGNORED),
        (roster.test, states.TEST),
        *((suspected[condition], condition) for condition in (states.SILENT, states.WRONG_CLOCK, states.STUCK)),
    ]
    chosen = np.select([mask for mask, _ in ranked], [state for _, state in ranked], said)
    return [str(state) for state in chosen]
