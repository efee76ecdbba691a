// The segments as a list from the worst on, for the keyboard, for screen readers, and for what has no line.

import { element } from "./element.js";
import { nameOf, number, say } from "./words.js";

const FIRST = 30;
const MORE = 100;

let shown = FIRST;
let last = "";

/** Show the list into a place. `choose(id)` is called for the one that is chosen. */
export function list(place, { ranking, network, search, selected, choose }) {
  if (search !== last) shown = FIRST;
  last = search;
  const placed = new Map(ranking.found.map((each) => [each.segment.segment_id, each]));
  const wanted = search.trim().toLowerCase();
  let found = ranking.found;
  if (wanted) {
    const rest = [...network.values()].filter((segment) => !placed.has(segment.segment_id));
    found = [...found, ...rest.map((segment) => ({ segment, value: null, place: null }))].filter(({ segment }) => matches(segment, wanted));
  } else {
    found = found.filter(({ value }) => value > 0);
  }
  const focused = document.activeElement?.dataset.segment;
  const rows = found.slice(0, shown).map((each) => element("li", {}, row(each, ranking.by, selected, choose)));
  const more =
    found.length > shown
      ? element("button", { type: "button", class: "more", onclick: () => {
          shown += MORE;
          list(place, { ranking, network, search, selected, choose });
        } }, say("more", { number: number(found.length - shown) }))
      : null;
  place.replaceChildren(...(rows.length ? [element("ol", {}, ...rows)] : [element("p", {}, say("nothing_found"))]), ...(more ? [more] : []));
  if (focused) place.querySelector(`[data-segment="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function row({ segment, value, place }, by, selected, choose) {
  const id = segment.segment_id;
  return element(
    "button",
    { type: "button", "data-segment": id, "aria-current": id === selected ? "true" : null, onclick: () => choose(id) },
    element("span", { class: "place" }, place === null ? "–" : number(place)),
    element("span", { class: "who" }, element("b", {}, id), " ", nameOf(segment)),
    element("span", { class: "value" }, value === null ? say("unseen_short") : number(value)),
  );
}

const matches = (segment, wanted) =>
  [segment.segment_id, segment.name, segment.name_ru, segment.name_kk, segment.name_en, segment.settlement, segment.district].some((text) =>
    text?.toLowerCase().includes(wanted),
  );
