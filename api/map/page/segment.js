// One segment: its numbers, its place in the ranking, and its series as a small picture with the same as a table.

import { shownTime } from "./dates.js";
import { drawn, element } from "./element.js";
import { MEASURES, countOf, valueOf } from "./measures.js";
import { THINNEST_PX, UNSEEN } from "./scale.js";
import { known, nameOf, number, say } from "./words.js";

const WIDE = 320;
const HIGH = 96;
const HOUR_S = 3600;
const FIGURES = ["violations", "accidents", "accidents_injury", "accidents_fatal", "dead", "injured", "animal_accidents", "reports"];

export function segmentPanel({ segment, row, measure, ranking, series, step, zone, language, fleet, close }) {
  const head = element(
    "div",
    { class: "head" },
    element("h2", {}, segment.segment_id),
    element("button", { type: "button", class: "close", "aria-label": say("close"), onclick: close }, "×"),
  );
  const place = [nameOf(segment), say("km", { from: number(segment.from_km), to: number(segment.to_km) }), segment.settlement, segment.district];
  return [
    head,
    element("p", {}, place.filter(Boolean).join(" · ")),
    segment.drawn ? null : element("p", { class: "note" }, say("not_drawn")),
    row?.provisional ? element("p", { class: "note" }, say("provisional")) : null,
    ...ranked(segment, row, measure, ranking),
    numbers(row, fleet, segment),
    ...seriesPart(series, measure, step, zone, language),
  ].filter(Boolean);
}

function ranked(segment, row, measure, { by, found }) {
  const own = found.find((each) => each.segment.segment_id === segment.segment_id);
  const value = valueOf(measure, row, segment);
  const shown = value === null ? say("unseen_short") : number(value);
  const place = own ? say("place", { place: number(own.place), of: number(found.length) }) : say("no_place");
  return [
    element("p", { class: "chosen" }, element("b", {}, shown), ` ${say(`measure_${measure}`)}`),
    element("p", { class: "place-of" }, place, by === measure ? "" : ` (${say(`measure_${by}`)})`),
  ];
}

function numbers(row, fleet, segment) {
  const said = FIGURES.filter((name) => row === undefined || name in row).map((name) => [say(`measure_${name}`), countOf(name, row)]);
  for (const kind of fleet) {
    const count = row?.[`violations_${kind}`];
    if (count !== undefined && count !== null) said.push([say("violations_by", { kind: kindName(kind) }), count]);
  }
  const rows = said.map(([name, count]) => [name, count === null ? say("unseen_short") : number(count)]);
  rows.push([say("watched_hours"), number((row?.watched_s ?? 0) / HOUR_S)]);
  if (row?.passages !== undefined) rows.push([say("passages"), number(row.passages)]);
  if (segment.limit_kmh) rows.push([say("limit"), say("kmh", { value: number(segment.limit_kmh) })]);
  return element("table", { class: "numbers" }, element("tbody", {}, ...rows.map(([name, text]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, text)))));
}

/** Name of a kind of fleet: a kind that the page does not know yet is shown as it is. */
export const kindName = (kind) => (known(`fleet_${kind}`) ? say(`fleet_${kind}`) : kind);

function seriesPart(series, measure, step, zone, language) {
  if (series === null) return [element("p", { "aria-busy": "true" }, say("loading"))];
  if (typeof series === "string") return [element("p", { class: "note" }, series)];
  const name = say(`measure_${MEASURES[measure].figure}`);
  const values = series.map((row) => [shownTime(row.start, zone, language, step), row[MEASURES[measure].figure] ?? null]);
  const rows = values.map(([time, value]) => element("tr", {}, element("th", { scope: "row" }, time), element("td", {}, value === null ? say("unseen_short") : number(value))));
  return [
    element("h3", {}, say(`series_${step}`, { figure: name })),
    bars(values, name),
    element("p", { class: "ends" }, element("span", {}, values[0]?.[0] ?? ""), element("span", {}, values.at(-1)?.[0] ?? "")),
    element("details", {}, element("summary", {}, say("as_table")), element("table", { class: "numbers" }, element("tbody", {}, ...rows))),
  ];
}

function bars(values, name) {
  const most = Math.max(1, ...values.map(([, value]) => value ?? 0));
  const step = WIDE / Math.max(1, values.length);
  const wide = Math.max(1, step - Math.min(2, step / 4));
  const marks = values.map(([time, value], at) => {
    const high = value === null ? 3 : value === 0 ? THINNEST_PX : Math.max(4, (value / most) * (HIGH - 16));
    const text = value === null ? say("unseen_short") : number(value);
    return drawn(
      "rect",
      { x: at * step, y: HIGH - high, width: wide, height: high, class: value === null ? "unseen-bar" : value === 0 ? "zero-bar" : "bar", stroke: value === null ? UNSEEN : null },
      drawn("title", {}, `${time}: ${text}`),
    );
  });
  const label = say("picture", { figure: name, most: number(most), number: number(values.length) });
  return drawn(
    "svg",
    { class: "series", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label, preserveAspectRatio: "none" },
    ...marks,
    drawn("text", { x: 0, y: 11 }, number(most)),
  );
}
