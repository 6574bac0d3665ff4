// The line people type into: Enter sends, / offers the commands, and on request it does to the text
// what macOS and iOS do ("--" becomes "—", straight quotes become curly): the trap a bot must survive.

import { el } from "./text.js";

export class Composer {
  constructor({ form, field, list = null, smart = null, get, send }) {
    Object.assign(this, { form, field, list, smart, get, send });
    form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    field.addEventListener("input", () => this.typed());
    field.addEventListener("keydown", (event) => this.key(event));
  }

  submit() {
    const text = this.field.value.trim();
    this.field.value = "";
    this.offer([]);
    this.grow();
    if (text) this.send(text);
  }

  key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Tab" && this.list && !this.list.hidden) {
      event.preventDefault();
      this.list.querySelector("button")?.click();
    } else if (event.key === "Escape") this.offer([]);
  }

  async typed() {
    if (this.smart?.checked) this.field.value = smarten(this.field.value);
    this.grow();
    const text = this.field.value;
    if (!this.list || !/^\/\S*$/.test(text)) return this.offer([]);
    const commands = (await this.get("commands")) ?? [];
    this.offer(commands.filter((one) => one.command.startsWith(this.field.value)));
  }

  offer(commands) {
    if (!this.list) return;
    this.list.hidden = commands.length === 0;
    this.list.replaceChildren(...commands.map((one) =>
      el("li", { role: "option" }, el("button", { type: "button", tabindex: -1, onclick: () => this.take(one) },
        el("strong", {}, one.command), " ", el("code", {}, one.hint ?? ""), el("span", { class: "quiet" }, one.description ?? "")))));
  }

  take(one) {
    this.field.value = `${one.command} `;
    this.field.focus();
    this.offer([]);
  }

  grow() {
    this.field.rows = Math.min(8, this.field.value.split("\n").length);
  }
}

function smarten(text) {
  return text.replaceAll("--", "—").replace(/(^|[\s(])"/g, "$1“").replaceAll('"', "”").replace(/(^|[\s(])'/g, "$1‘").replaceAll("'", "’");
}
