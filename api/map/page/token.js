// Asks for a token where the service wants one.

import { useToken } from "./api.js";
import { say } from "./words.js";

let asked = null;
let tries = 0;

/** Wait until a token has been given; asked by several at once, there is one window. */
export function askForToken() {
  const dialog = document.getElementById("token");
  const value = document.getElementById("token-value");
  asked ??= new Promise((resolve) => {
    document.getElementById("token-why").textContent = say(tries ? "token_wrong" : "token_why");
    tries += 1;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    const given = () => {
      useToken(value.value.trim());
      value.value = "";
      asked = null;
      resolve();
    };
    dialog.addEventListener("close", given, { once: true });
    dialog.showModal();
  });
  return asked;
}
