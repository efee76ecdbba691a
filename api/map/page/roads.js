// The roads on the map: one source of all segments, coloured by state, so that new figures move no geometry.

import * as maplibre from "./maplibre/maplibre-gl.mjs";
import { GROUND, THINNEST_PX, UNSEEN, colourOf } from "./scale.js";
import { element } from "./element.js";
import { say } from "./words.js";

const TOUCH_PX = 8;
const PADDING_PX = 52;
const MOST_LABELS = 60;
const SELECTED = "#111111";

// What cannot be told by colour alone is told by form: unseen roads are two thin lines, with a gap between.
const unseen = ["boolean", ["feature-state", "unseen"], true];
const wide = ["coalesce", ["feature-state", "width"], THINNEST_PX];
const zoomed = (value) => {
  const at = (times) => ["*", times, value];
  return ["interpolate", ["linear"], ["zoom"], 5, at(0.6), 9, at(1), 15, at(2)];
};
const WIDTH = zoomed(["case", unseen, 0.9, wide]);
const GAP = zoomed(["case", unseen, 1.6, 0]);
const NONE = ["==", ["get", "segment_id"], ""];

let map = null;
let drawn = new Map();
let labels = [];

/** Draw the features. Throws where the browser has no WebGL. `choose(id)` is called for a segment that is clicked. */
export function draw(container, features, bbox, choose) {
  drawn = new Map(features.filter((each) => each.geometry).map((each) => [each.properties.segment_id, each.geometry]));
  map = new maplibre.Map({
    container,
    style: {
      version: 8,
      sources: { roads: { type: "geojson", promoteId: "segment_id", tolerance: 0.1, data: collection(features) } },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": GROUND } },
        { ...line("selected", SELECTED, zoomed(14)), filter: NONE },
        line("roads", ["to-color", ["feature-state", "colour"], UNSEEN], WIDTH, GAP),
      ],
    },
    bounds: bbox ?? undefined,
    fitBoundsOptions: { padding: PADDING_PX },
    attributionControl: false,
    maxZoom: 18,
    dragRotate: false,
    pitchWithRotate: false,
    locale: { "Map.Title": say("map"), "NavigationControl.ZoomIn": say("zoom_in"), "NavigationControl.ZoomOut": say("zoom_out") },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl(), "bottom-right");
  map.on("click", ({ point }) => {
    const id = at(point);
    if (id) choose(id);
  });
  map.on("mousemove", ({ point }) => {
    if (!map.isMoving()) map.getCanvas().style.cursor = at(point) ? "pointer" : "";
  });
  label(features);
  return new Promise((resolve) => map.once("load", resolve));
}

const collection = (features) => ({
  type: "FeatureCollection",
  features: features
    .filter((each) => each.geometry)
    .map(({ geometry, properties }) => ({ type: "Feature", geometry, properties: { segment_id: properties.segment_id } })),
});

const line = (id, colour, width, gap = 0) => ({
  id,
  type: "line",
  source: "roads",
  layout: { "line-cap": "round", "line-join": "round" },
  paint: { "line-color": colour, "line-width": width, "line-gap-width": gap },
});

/** The segment nearest to a point of the screen, of those within a finger's reach. */
function at({ x, y }) {
  for (const reach of [1, TOUCH_PX]) {
    const found = map.queryRenderedFeatures([[x - reach, y - reach], [x + reach, y + reach]], { layers: ["roads"] });
    if (found.length) return found[0].id;
  }
  return null;
}

let painted = new Map();

/** Give segments their looks: `{level, width}` by id. Only what has changed is touched. */
export function paint(looks) {
  if (!map) return;
  for (const [id, { level, width }] of looks) {
    if (!drawn.has(id)) continue;
    const before = painted.get(id);
    if (before?.level === level && before.width === width) continue;
    map.setFeatureState({ source: "roads", id }, { colour: colourOf(level), width, unseen: level === "unseen" });
  }
  painted = looks;
}

/** Mark one segment, and bring it into the part of the view that is not covered. */
export function mark(id, { bring = false, covered = null } = {}) {
  if (!map) return;
  map.setFilter("selected", drawn.has(id) ? ["==", ["get", "segment_id"], id] : NONE);
  if (!bring || !drawn.has(id)) return;
  const box = new maplibre.LngLatBounds();
  for (const position of positions(drawn.get(id))) box.extend(position);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  map.fitBounds(box, { padding: beside(covered), maxZoom: Math.max(map.getZoom(), 10), animate: !calm });
}

/** Padding in pixels that keeps clear of a panel at the right of the map, or at its bottom. */
function beside(covered) {
  const frame = map.getContainer().getBoundingClientRect();
  const padding = { left: 40, top: 40, right: 40, bottom: 40 };
  if (!covered?.width) return padding;
  if (covered.left > frame.left) padding.right += Math.max(0, frame.right - covered.left);
  else padding.bottom += Math.max(0, frame.bottom - covered.top);
  return padding.top + padding.bottom < frame.height && padding.left + padding.right < frame.width ? padding : 0;
}

const positions = ({ type, coordinates }) => (type === "MultiLineString" ? coordinates.flat() : coordinates);

/** Where a segment's middle is on the page, in pixels. */
export function pixelOf(id) {
  const all = positions(drawn.get(id));
  const middle = all[Math.floor((all.length - 1) / 2)];
  const next = all[Math.floor((all.length - 1) / 2) + 1] ?? middle;
  const point = map.project([(middle[0] + next[0]) / 2, (middle[1] + next[1]) / 2]);
  const frame = map.getContainer().getBoundingClientRect();
  return [frame.x + point.x, frame.y + point.y];
}

/** What a segment looks like now. */
export const lookOf = (id) => map.getFeatureState({ source: "roads", id });

/** Names of settlements stand where their streets are, those with most streets first. */
function label(features) {
  const places = new Map();
  for (const { geometry, properties } of features) {
    if (!geometry || !properties.settlement) continue;
    const found = places.get(properties.settlement) ?? { x: 0, y: 0, n: 0 };
    const [x, y] = positions(geometry)[0];
    places.set(properties.settlement, { x: found.x + x, y: found.y + y, n: found.n + 1 });
  }
  const largest = [...places].sort((a, b) => b[1].n - a[1].n).slice(0, MOST_LABELS);
  labels = largest.map(([name, { x, y, n }]) => {
    const shown = element("span", { class: "settlement" }, name);
    return new maplibre.Marker({ element: shown, anchor: "left", offset: [10, -10] }).setLngLat([x / n, y / n]).addTo(map);
  });
  map.on("moveend", uncover);
  map.on("load", uncover);
}

/** Hide a name that would cover a larger settlement's. */
function uncover() {
  const kept = [];
  for (const marker of labels) {
    const shown = marker.getElement();
    shown.hidden = false;
    const box = shown.getBoundingClientRect();
    shown.hidden = kept.some((other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top);
    if (!shown.hidden) kept.push(box);
  }
}
