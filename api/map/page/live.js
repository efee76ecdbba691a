// Server-sent events, read through fetch: an EventSource cannot send a token.

import { lines, request } from "./api.js";

const AGAIN_AFTER_MS = 3000;

/**
 * Listen until the signal aborts, and again where the connection breaks. `tell(name, data)` is called for each event,
 * with "lost" where the connection broke. A refusal by the API ends it, and is thrown.
 */
export async function listen(tell, signal) {
  while (!signal.aborted) {
    try {
      const answer = await request("/live", {}, { signal, accept: "text/event-stream" });
      await read(answer, tell);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status >= 400 && error.status < 500) throw error;
    }
    if (signal.aborted) return;
    tell("lost", {});
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  }
}

async function read(answer, tell) {
  let name = "message";
  let data = "";
  for await (const line of lines(answer)) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
    else if (line === "" && data) {
      tell(name, JSON.parse(data));
      name = "message";
      data = "";
    }
  }
}
