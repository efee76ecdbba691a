// What is shown, kept in the address: it can be sent to a colleague, and the browser's buttons work.

const NAMES = ["lang", "measure", "fleet", "span", "from", "through", "segment", "live"];

export function readState() {
  const said = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(NAMES.map((name) => [name, said.get(name) ?? ""]));
}

export function writeState(state) {
  const said = new URLSearchParams(NAMES.filter((name) => state[name]).map((name) => [name, state[name]]));
  const hash = `#${said}`;
  if (hash !== location.hash) history.replaceState(null, "", hash);
}
