// The page: what is asked, what is shown, and what happens when something fails.

import { Refusal, ask, countsBySegment, segments } from "./api.js";
import { tellFreshness, tellLost } from "./banner.js";
import { SPANS, daysOf, isDay, moved, shownTime, stepOf } from "./dates.js";
import { element } from "./element.js";
import { legend } from "./legend.js";
import { list } from "./list.js";
import { listen } from "./live.js";
import { MEASURES, countOf, rankingOf, valueOf } from "./measures.js";
import * as roads from "./roads.js";
import { breaksOf, levelOf, widthOf } from "./scale.js";
import { kindName, segmentPanel } from "./segment.js";
import { readState, writeState } from "./state.js";
import { askForToken } from "./token.js";
import { choose as chooseLanguage, number, say, speak, spoken } from "./words.js";

const AGAIN_AFTER_MS = 3000;
const LIVE_PAUSE_MS = 1500;
// A service that takes long to answer is not asked without a pause.
const LIVE_PAUSE_TIMES = 4;
// The live stream tells of counts, not of who watched.
const LIVE_ALL_EVERY_MS = 30_000;
const FEW_SEGMENTS = 100;
const FRESHNESS_EVERY_MS = 15_000;
// What has no place on a road has a name of its own.
const OUTSIDE = /^(unlocated|section:)/;

const at = (id) => document.getElementById(id);
const state = readState();
const network = new Map();
let rows = new Map();
let totals = null;
let fleet = [];
let about = null;
let zone = "UTC";
let ranking = { by: "violations", found: [] };
let asking = new AbortController();
let askingSeries = new AbortController();
let listening = null;

// -- asking --------------------------------------------------------------------------------------------------------

/** Parameters of the days and the fleet that are chosen; null where the days are none. */
function asked() {
  const days = state.span === "own" ? state : daysOf(state.span, zone);
  if (!isDay(days.from) || !isDay(days.through) || days.from > days.through) return null;
  const own = MEASURES[state.measure].fleet && state.fleet ? { fleet: state.fleet } : {};
  return { from: days.from, to: moved(days.through, 1), ...own };
}

/** Ask for the figures of all segments, or of some, and show them. An older question is given up. */
async function refresh(some = null) {
  const parameters = asked();
  if (parameters === null) {
    tellTrouble(say("trouble_days"));
    return;
  }
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  at("ask").setAttribute("aria-busy", "true");
  try {
    const [counted, summed] = await Promise.all([
      countsBySegment(some ? { ...parameters, segment: some } : parameters, signal),
      ask("/totals", parameters, { signal }),
    ]);
    if (!some) rows = new Map();
    for (const row of counted) rows.set(row.segment_id, row);
    totals = summed;
    tellFreshness(summed.freshness, zone);
    tellTrouble("");
    show();
    await showSeries(parameters);
  } catch (error) {
    if (error.name !== "AbortError") await refused(error, () => refresh());
  } finally {
    if (!signal.aborted) at("ask").removeAttribute("aria-busy");
  }
}

/** Say what was refused, and try again where that may help. */
async function refused(error, again) {
  if (!(error instanceof Refusal)) throw error;
  if (error.status === 401) {
    await askForToken();
    again();
    return;
  }
  const passing = error.status === 0 || error.status >= 500;
  const key = error.status === 403 ? "trouble_role" : error.status === 0 ? "trouble_unreachable" : passing ? "trouble_store" : "trouble_other";
  tellTrouble(say(key, { detail: error.message }));
  if (passing) setTimeout(again, AGAIN_AFTER_MS);
}

// -- showing -------------------------------------------------------------------------------------------------------

function show() {
  const { measure } = state;
  const values = new Map();
  let most = 0;
  for (const segment of network.values()) {
    const row = rows.get(segment.segment_id);
    values.set(segment.segment_id, valueOf(measure, row, segment));
    most = Math.max(most, countOf(measure, row) ?? 0);
  }
  const breaks = breaksOf([...values.values()]);
  const looks = new Map();
  for (const [id, value] of values) {
    looks.set(id, { level: levelOf(value, breaks), width: widthOf(countOf(measure, rows.get(id)) ?? 0, most) });
  }
  roads.paint(looks);
  ranking = rankingOf(measure, network, rows);
  at("legend").replaceChildren(...legend(measure, breaks, most));
  at("list-note").textContent = MEASURES[measure].figure === "violations" ? say("list_by", { measure: say(`measure_${ranking.by}`) }) : say("list_raw");
  at("empty").hidden = rows.size > 0;
  at("empty").textContent = say("empty");
  showTotals();
  showList();
  showSegment();
}

function showTotals() {
  const [row] = totals.rows;
  const words = (figures) => Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, number(value ?? 0)]));
  const outside = { violations: 0, accidents: 0 };
  for (const each of rows.values()) {
    if (!OUTSIDE.test(each.segment_id)) continue;
    for (const name of Object.keys(outside)) outside[name] += each[name] ?? 0;
  }
  const summed = "accidents" in row ? "totals" : "totals_fleet";
  const lines = [];
  if (outside.violations || outside.accidents) lines.push(say("outside", words(outside)));
  if (about.role === "public") lines.push(say("final_until", { time: shownTime(totals.final_until, zone, spoken(), "hour") }));
  at("totals").replaceChildren(
    say(summed, words(row)),
    ...lines.map((line) => element("small", {}, line)),
  );
  for (const name of ["violations", "accidents", "dead", "injured", "reports"]) at("totals").dataset[name] = row[name] ?? "";
}

function showList() {
  list(at("list"), { ranking, network, search: at("search").value, selected: state.segment, choose: (id) => select(id, { bring: true }) });
}

let series = null;
let seriesStep = "day";

function showSegment() {
  const place = at("segment");
  place.hidden = !state.segment;
  if (!state.segment) return;
  const segment = network.get(state.segment);
  if (!segment) {
    const close = element("button", { type: "button", class: "close", "aria-label": say("close"), onclick: () => select("") }, "×");
    place.replaceChildren(element("div", { class: "head" }, element("h2", {}, state.segment), close), element("p", { class: "note" }, say("trouble_unknown_segment", { segment: state.segment })));
    return;
  }
  const opened = place.querySelector("details")?.open && place.dataset.segment === state.segment;
  const focused = place.contains(document.activeElement) && document.activeElement !== place ? document.activeElement.className || "summary" : null;
  const scrolled = place.scrollTop;
  place.replaceChildren(
    ...segmentPanel({
      segment, row: rows.get(state.segment), measure: state.measure, ranking, series, step: seriesStep, zone, language: spoken(),
      fleet: MEASURES[state.measure].fleet && state.fleet ? [] : fleet, close: () => select(""),
    }),
  );
  place.dataset.segment = state.segment;
  if (opened && place.querySelector("details")) place.querySelector("details").open = true;
  if (focused) place.querySelector(focused === "summary" ? "summary" : `.${focused}`)?.focus();
  place.scrollTop = scrolled;
}

async function showSeries(parameters = asked()) {
  askingSeries.abort();
  if (!network.has(state.segment) || parameters === null) return;
  askingSeries = new AbortController();
  const { signal } = askingSeries;
  const step = stepOf(parameters.from, moved(parameters.to, -1));
  try {
    const answer = await ask("/series", { ...parameters, segment: state.segment, step }, { signal });
    series = answer.rows;
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refusal)) throw error;
    series = say(error.status ? "trouble_other" : "trouble_unreachable", { detail: error.message });
  }
  seriesStep = step;
  showSegment();
}

let cameFrom = null;

function select(id, { bring = false } = {}) {
  if (id && !state.segment) cameFrom = document.activeElement?.dataset.segment ?? null;
  if (id !== state.segment) series = null;
  state.segment = id;
  writeState(state);
  showList();
  showSegment();
  roads.mark(id, { bring, covered: at("segment").getBoundingClientRect() });
  if (id) {
    at("segment").scrollTop = 0;
    at("segment").focus({ preventScroll: true });
    showSeries();
  } else if (cameFrom) {
    at("list").querySelector(`[data-segment="${CSS.escape(cameFrom)}"]`)?.focus();
  }
}

function tellTrouble(text) {
  at("trouble").hidden = !text;
  at("trouble").textContent = text;
}

// -- live ----------------------------------------------------------------------------------------------------------

const changed = new Set();
let everything = false;
let waiting = false;
let wholeAt = 0;

/** Ask again for what has changed: not more often than the service and the page can bear. */
async function follow() {
  if (waiting) return;
  waiting = true;
  try {
    while (listening && (changed.size || everything)) {
      const begun = performance.now();
      const whole = everything || changed.size > FEW_SEGMENTS || begun - wholeAt > LIVE_ALL_EVERY_MS;
      const some = whole ? null : [...changed];
      changed.clear();
      everything = false;
      if (whole) wholeAt = begun;
      await refresh(some);
      const pause = Math.max(LIVE_PAUSE_MS, LIVE_PAUSE_TIMES * (performance.now() - begun));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  } finally {
    waiting = false;
  }
}

async function setLive(on) {
  listening?.abort();
  listening = on ? new AbortController() : null;
  state.live = on ? "1" : "";
  writeState(state);
  at("live").setAttribute("aria-pressed", String(on));
  tellLost(false, zone);
  if (!on) return;
  const { signal } = listening;
  try {
    await listen((name, data) => {
      tellLost(name === "lost", zone);
      if (name === "cells") data.cells.forEach((cell) => changed.add(cell.segment_id));
      else everything = name !== "lost";
      document.body.dataset.live = name;
      follow();
    }, signal);
  } catch (error) {
    setLive(false);
    await refused(error, () => {});
  }
}

// -- controls ------------------------------------------------------------------------------------------------------

function fillControls() {
  const options = (id, names, words) => at(id).replaceChildren(...names.map((name) => element("option", { value: name }, words(name))));
  options("measure", Object.keys(MEASURES), (name) => say(`measure_${name}`));
  options("fleet", ["", ...fleet], (kind) => (kind ? kindName(kind) : say("fleet_all")));
  options("span", SPANS, say);
  at("language").value = spoken();
  at("search").placeholder = say("search");
  document.title = `Aman Zhol: ${say("subtitle")}`;
  const allowed = about.role === "ops";
  at("live").disabled = !allowed;
  at("live").title = allowed ? "" : say("live_refused", { role: about.role });
  showControls();
}

function showControls() {
  const days = state.span === "own" ? state : daysOf(state.span, zone);
  for (const name of ["measure", "fleet", "span"]) at(name).value = state[name];
  for (const name of ["from", "through"]) at(name).value = days[name];
  at("fleet").disabled = !MEASURES[state.measure].fleet;
}

function listenToControls() {
  for (const name of ["measure", "fleet", "span"]) {
    at(name).addEventListener("change", () => {
      if (name === "span" && at(name).value === "own") Object.assign(state, daysOf(state.span, zone));
      state[name] = at(name).value;
      changedControls();
    });
  }
  for (const name of ["from", "through"]) {
    at(name).addEventListener("change", () => {
      Object.assign(state, { span: "own", from: at("from").value, through: at("through").value });
      changedControls();
    });
  }
  at("form").addEventListener("submit", (event) => event.preventDefault());
  at("search").addEventListener("input", showList);
  at("live").addEventListener("click", () => setLive(!listening));
  at("language").addEventListener("change", async () => {
    state.lang = at("language").value;
    await speak(state.lang);
    fillControls();
    changedControls();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.segment && !at("token").open) select("");
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    // The address is the state's: it cannot name a place in the page as well.
    event.preventDefault();
    at("list").focus();
  });
  addEventListener("hashchange", () => location.reload());
}

function changedControls() {
  writeState(state);
  showControls();
  series = null;
  refresh();
}

function correctState() {
  if (!(state.measure in MEASURES)) state.measure = "violations";
  if (!fleet.includes(state.fleet)) state.fleet = "";
  if (!SPANS.includes(state.span)) state.span = "days_7";
  if (state.span === "own" && !(isDay(state.from) && isDay(state.through))) state.span = "days_7";
}

function attribute(text) {
  const parts = [text];
  if (/©\s*OpenStreetMap/.test(text)) {
    parts.push(" ", element("a", { href: "https://www.openstreetmap.org/copyright", rel: "noopener" }, `(${say("attribution_link")})`));
  }
  at("attribution").replaceChildren(...parts);
}

async function start() {
  let described;
  try {
    about = await ask("");
    const [networks, figures, found] = await Promise.all([ask("/networks"), ask("/figures"), segments()]);
    [described] = networks.networks;
    zone = described.timezone;
    fleet = figures.fleet.map((each) => each.kind);
    for (const { geometry, properties } of found) network.set(properties.segment_id, { ...properties, drawn: geometry !== null });
    correctState();
    fillControls();
    listenToControls();
    attribute(described.attribution);
    try {
      await roads.draw(at("map"), found, described.bbox, select);
    } catch {
      at("map").replaceChildren(element("p", { class: "note" }, say("no_webgl")));
    }
  } catch (error) {
    await refused(error, start);
    return;
  }
  showSegment();
  roads.mark(state.segment, { bring: true, covered: at("segment").getBoundingClientRect() });
  await refresh();
  document.body.dataset.ready = "yes";
  if (state.live && about.role === "ops") setLive(true);
  setInterval(async () => {
    try {
      tellFreshness(await ask("/freshness"), zone);
    } catch {
      // The next question for figures says what is wrong.
    }
  }, FRESHNESS_EVERY_MS);
}

state.lang = chooseLanguage(state.lang);
await speak(state.lang);
await start();
