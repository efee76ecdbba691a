// What segments can be coloured by: a figure of the API, as it is or per something, and the ranking by it.

const HOUR_S = 3600;
// Below a day of watching, a rate of violations is chance.
const FEWEST_WATCHED_S = 86_400;
// A rate of so few vehicles is chance as well.
const FEWEST_PASSAGES = 1000;

/** `fleet`: the figure can be filtered by kinds of fleet. `per`: what it is divided by. */
export const MEASURES = {
  violations: { figure: "violations", fleet: true },
  violations_per_hour: { figure: "violations", fleet: true, per: "hour" },
  violations_per_passages: { figure: "violations", fleet: true, per: "passages" },
  accidents: { figure: "accidents" },
  accidents_per_km: { figure: "accidents", per: "km" },
  accidents_injury: { figure: "accidents_injury" },
  accidents_fatal: { figure: "accidents_fatal" },
  dead: { figure: "dead" },
  injured: { figure: "injured" },
  animal_accidents: { figure: "animal_accidents" },
  reports: { figure: "reports" },
};

const PER = {
  hour: (row) => (row.watched_s >= FEWEST_WATCHED_S ? row.watched_s / HOUR_S : null),
  passages: (row) => (row.passages >= FEWEST_PASSAGES ? row.passages / 1000 : null),
  km: (row) => row.to_km - row.from_km,
};

/** The count behind a measure: null where nobody looked, and of violations where the API gives no row. */
export function countOf(measure, row) {
  const { figure } = MEASURES[measure];
  if (row === undefined) return figure === "violations" ? null : 0;
  return row[figure] ?? null;
}

/** The value of a measure: null where it is not known. */
export function valueOf(measure, row, segment) {
  const count = countOf(measure, row);
  const { per } = MEASURES[measure];
  if (count === null || per === undefined) return count;
  const by = PER[per]({ ...segment, ...row });
  return by ? count / by : null;
}

/**
 * Segments with a value from the highest on, with their places; equal values share one. Violations are ranked per
 * watched hour, whatever is shown: where more is watched, more is found.
 */
export function rankingOf(measure, network, rows) {
  const by = measure === "violations" ? "violations_per_hour" : measure;
  const found = [];
  for (const segment of network.values()) {
    const value = valueOf(by, rows.get(segment.segment_id), segment);
    if (value !== null) found.push({ segment, value });
  }
  found.sort((a, b) => b.value - a.value || (a.segment.segment_id < b.segment.segment_id ? -1 : 1));
  let place = 0;
  found.forEach((each, at) => {
    if (at === 0 || each.value !== found[at - 1].value) place = at + 1;
    each.place = place;
  });
  return { by, found };
}
