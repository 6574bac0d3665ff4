// What was delivered to the app, how long each acknowledgement took against Slack's three seconds,
// and buttons for the misfortunes a bot has to live with.

import { el } from "./text.js";

const LIMIT_MS = 3000;
const FAULTS = [
  ["429 next call", "faults", { method: "*", kind: "429", retry_after: 2 }, "The next Web API call is told to wait two seconds."],
  ["Lose next answer", "faults", { method: "*", kind: "drop_answer" }, "The next Web API call is carried out, its answer is lost."],
  ["500 next call", "faults", { method: "*", kind: "500" }, "The next Web API call fails inside Slack."],
  ["Cut socket", "socket", { do: "cut" }, "The Socket Mode connection is cut without a close frame."],
  ["Refresh socket", "socket", { do: "refresh" }, "The app was asked politely to reconnect."],
];

export class Inspector {
  constructor({ list, faults, post, get, say }) {
    Object.assign(this, { list, post, get, drawn: new Map() });
    faults.append(...FAULTS.map(([label, path, body, told]) =>
      el("button", { type: "button", title: told, onclick: async () => { if (await post(path, body)) say(told); } }, label)));
  }

  async refresh() {
    const deliveries = await this.get("deliveries");
    for (const delivery of deliveries ?? []) {
      const version = `${delivery.status} ${delivery.ack_ms}`;
      const before = this.drawn.get(delivery.id);
      if (before?.version === version) continue;
      const node = this.draw(delivery);
      node.firstChild.open = before?.node.firstChild.open ?? false;
      if (before) before.node.replaceWith(node);
      else this.list.prepend(node);
      this.drawn.set(delivery.id, { version, node });
    }
  }

  draw(delivery) {
    const took = delivery.ack_ms === null ? "no ack" : `${Math.round(delivery.ack_ms)} ms`;
    const bar = el("meter", { min: 0, max: LIMIT_MS, low: 300, high: 2000, optimum: 0, value: delivery.ack_ms ?? LIMIT_MS, title: `${took} of ${LIMIT_MS} ms` });
    const again = el("button", { type: "button", onclick: () => this.post("deliver", { again: delivery.id }) }, "Deliver again");
    return el("li", {}, el("details", {},
      el("summary", {}, el("span", { class: "what" }, what(delivery)), el("span", { class: `status ${delivery.status}` }, delivery.status === "ok" ? took : `${delivery.status} · ${took}`), bar),
      el("p", { class: "quiet" }, `${delivery.transport === "http" ? "signed HTTP" : "Socket Mode"}, ${new Date(delivery.at * 1000).toLocaleTimeString()}${delivery.again ? ", a repetition" : ""}`),
      el("pre", {}, JSON.stringify(delivery.payload, null, 2)),
      delivery.response ? el("pre", { "aria-label": "Answer" }, typeof delivery.response === "string" ? delivery.response : JSON.stringify(delivery.response, null, 2)) : null,
      again));
  }
}

function what({ kind, payload }) {
  if (kind === "slash_commands") return `${payload.command} ${payload.text}`;
  const who = payload.user?.name ?? "";
  const used = payload.actions?.map((action) => action.action_id).join(", ") ?? payload.view?.callback_id ?? "";
  return `${payload.type ?? kind} ${used} (${who})`;
}
