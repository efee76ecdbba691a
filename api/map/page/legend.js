// The legend: classes with their bounds, zero and "not observed" apart, and what thickness means.

import { GROUND, LEVELS, THINNEST_PX, colourOf, spread, widthOf } from "./scale.js";
import { drawn, element } from "./element.js";
import { MEASURES } from "./measures.js";
import { number, say } from "./words.js";

export function legend(measure, breaks, most) {
  const rows = [];
  if (most > 0) {
    const bounds = [0, ...breaks];
    bounds.forEach((bound, at) => {
      const to = breaks[at];
      const words = to === undefined ? say("more_than", { value: number(bound) }) : say("up_to", { value: number(to) });
      rows.push(entry(LEVELS[spread(at, breaks.length)], 7, words));
    });
  }
  // Registers need nobody to look, so that a zero of theirs is one.
  const looked = MEASURES[measure].figure === "violations";
  rows.push(entry(colourOf("zero"), THINNEST_PX, say(looked ? "zero" : "zero_register")));
  if (looked) rows.push(entry(colourOf("unseen"), 5, say(MEASURES[measure].per ? "unseen_rate" : "unseen"), true));
  const parts = [element("h2", {}, say(`measure_${measure}`)), element("ul", {}, ...rows)];
  if (most > 0) {
    const figure = say(`measure_${MEASURES[measure].figure}`);
    parts.push(element("p", { class: "thickness" }, wedge(most), say("thickness", { figure, most: number(most) })));
  }
  return parts;
}

function entry(colour, wide, words, hollow = false) {
  const stroke = (color, width) => drawn("line", { x1: 0, x2: 34, y1: 8, y2: 8, stroke: color, "stroke-width": width });
  const swatch = drawn("svg", { width: 34, height: 16, "aria-hidden": "true" }, stroke(colour, wide), hollow ? stroke(GROUND, wide - 2.4) : null);
  return element("li", {}, swatch, words);
}

function wedge(most) {
  const end = widthOf(most, most) / 2;
  const start = widthOf(1, Math.max(most, 100)) / 2;
  const points = `0,${8 - start} 34,${8 - end} 34,${8 + end} 0,${8 + start}`;
  return drawn("svg", { width: 34, height: 16, "aria-hidden": "true" }, drawn("polygon", { points, fill: "#4c4b47" }));
}
