// Says how far the figures are behind, and that the live connection broke.

import { shownTime } from "./dates.js";
import { number, say, spoken } from "./words.js";

// While events come in there are always some that wait: only what does not get less is worth a word.
const PATIENCE_MS = 10_000;
const MANY_RECORDS = 1000;

let lost = false;
let fresh = null;
let through = null;
let since = 0;

export function tellFreshness(freshness, zone) {
  const now = performance.now();
  if (!freshness.behind || freshness.read_through !== through) since = now;
  through = freshness.read_through;
  fresh = { ...freshness, worth: freshness.behind && (freshness.trouble !== null || freshness.behind_records === null || freshness.behind_records >= MANY_RECORDS || now - since >= PATIENCE_MS) };
  show(zone);
}

export function tellLost(isLost, zone) {
  lost = isLost;
  show(zone);
}

function show(zone) {
  const banner = document.getElementById("banner");
  let text = lost ? say("banner_lost") : "";
  if (!text && fresh?.worth) {
    text =
      fresh.behind_records && fresh.trouble === null
        ? say("banner_behind", { records: number(fresh.behind_records) })
        : say("banner_trouble", { time: fresh.read_through ? shownTime(fresh.read_through, zone, spoken(), "hour") : "–" });
  }
  banner.hidden = !text;
  banner.textContent = text;
}
