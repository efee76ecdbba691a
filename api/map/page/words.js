// The page's words: a table per language in `languages`. A word that is missing shows its key, and a test finds it.

const LANGUAGES = ["ru", "kk", "en"];
let table = {};
let language = "en";

/** The language asked for, else the one of the browser, else Russian. */
export function choose(asked) {
  const wanted = [asked, ...navigator.languages.map((name) => name.slice(0, 2))];
  return wanted.find((name) => LANGUAGES.includes(name)) ?? "ru";
}

export async function speak(chosen) {
  const answer = await fetch(`languages/${chosen}.json`);
  table = await answer.json();
  language = chosen;
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
  }
}

export const spoken = () => language;

/** A text with its {names} filled in. */
export function say(key, values = {}) {
  return (table[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const known = (key) => key in table;

export function number(value) {
  const digits = Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1;
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** Name of a segment's road in the language spoken, where the network has one. */
export const nameOf = (segment) => segment[`name_${language}`] ?? segment.name ?? segment.route;
