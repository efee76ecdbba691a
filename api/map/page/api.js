// Asks the API of the same host. The token, where one is needed, is kept for this tab alone.

const ROOT = "api/v1";
const TOKEN = "amanzhol-token";

/** A refusal of the API: its status, stable code and what to do. Status 0: it could not be reached. */
export class Refusal extends Error {
  constructor(status, problem = {}) {
    super(problem.detail ?? "");
    this.status = status;
    this.code = problem.code ?? "unreachable";
  }
}

export function useToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

/** Fetch a page below the root; an array is a parameter given several times. Throws a Refusal where it is refused. */
export async function request(path, parameters = {}, { signal, accept = "application/json" } = {}) {
  const query = new URLSearchParams(
    Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((each) => [name, each])),
  );
  const headers = { Accept: accept };
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  let answer;
  try {
    // Without credentials the browser leaves it to us to ask for a token, and opens no window of its own.
    answer = await fetch(`${ROOT}${path}${query.size ? `?${query}` : ""}`, { headers, signal, credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0);
  }
  if (!answer.ok) throw new Refusal(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

export async function ask(path, parameters, options) {
  const answer = await request(path, parameters, options);
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0);
  }
}

/** Lines of an answer as they come. */
export async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
  if (rest) yield rest;
}

/** Let the browser draw and listen before going on. */
export const breathe = () => new Promise((resolve) => setTimeout(resolve));

const BREATH_MS = 8;

/** Rows of counts by segment, parsed as they come: ten thousand at once would hold the page up. */
export async function countsBySegment(parameters, signal) {
  const asked = { ...parameters, by: "segment", step: "all", f: "ndjson" };
  const answer = await request("/counts", asked, { signal, accept: "*/*" });
  const rows = [];
  let begun = performance.now();
  try {
    for await (const line of lines(answer)) {
      rows.push(JSON.parse(line));
      if (performance.now() - begun > BREATH_MS) {
        await breathe();
        begun = performance.now();
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0);
  }
  return rows;
}

const PAGE = 1000;

/** All segments of the network as GeoJSON features, page by page. */
export async function segments() {
  const features = [];
  let next = null;
  do {
    const page = await ask("/collections/segments/items", { limit: PAGE, f: "geojson", ...(next ? { next } : {}) });
    features.push(...page.features);
    const link = page.links.find((each) => each.rel === "next");
    next = link ? new URL(link.href).searchParams.get("next") : null;
    await breathe();
  } while (next);
  return features;
}
