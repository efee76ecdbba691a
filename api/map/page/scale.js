// Classes of values, their colours, and the width of counts.

/** From light to dark, each at least 3:1 against the map's ground, so that lines are told apart without colour sight. */
export const LEVELS = ["#b07d00", "#cf5f10", "#bf2c2c", "#86134f", "#41085a"];
export const ZERO = "#2b7a86";
export const UNSEEN = "#76756f";
export const GROUND = "#f6f4ee";

const SHARES = [0.5, 0.75, 0.9, 0.97];
const WIDEST_PX = 11;
export const THINNEST_PX = 2.5;

/** Upper bounds of all classes but the last, rounded and rising, by shares of the values above zero. */
export function breaksOf(values) {
  const sorted = Float64Array.from(values.filter((value) => value > 0)).sort();
  if (!sorted.length) return [];
  const distinct = [...new Set(sorted)];
  if (distinct.length <= LEVELS.length && distinct.every(Number.isInteger)) return distinct.slice(0, -1);
  const last = sorted.at(-1);
  const bounds = SHARES.map((share) => rounded(sorted[Math.floor(share * (sorted.length - 1))]));
  return [...new Set(bounds)].filter((bound) => bound < last);
}

function rounded(value) {
  if (Number.isInteger(value) && value < 10) return value;
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(6));
}

/** Class of a value: "unseen", "zero", or the number of a level. */
export function levelOf(value, breaks) {
  if (value === null) return "unseen";
  if (value === 0) return "zero";
  const at = breaks.findIndex((bound) => value <= bound);
  return spread(at < 0 ? breaks.length : at, breaks.length);
}

/** Few classes still use the whole range of colours. */
export function spread(at, breaks) {
  return breaks ? Math.round((at * (LEVELS.length - 1)) / breaks) : 2;
}

export function colourOf(level) {
  return level === "unseen" ? UNSEEN : level === "zero" ? ZERO : LEVELS[level];
}

/** Width of a line in pixels: its area grows with the count. */
export function widthOf(count, most) {
  return count > 0 ? THINNEST_PX + 1.5 + (WIDEST_PX - THINNEST_PX - 1.5) * Math.sqrt(count / most) : THINNEST_PX;
}
