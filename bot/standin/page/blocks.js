// Block Kit as DOM nodes. Draws what `bot/standin/blockkit.py` lets pass; pictures are shown by
// their alt text, since this page loads nothing from anywhere.

import { el, emojify, link, mrkdwn, textObject } from "./text.js";

// `act({block_id, action_id, value})` is called when something is used; `name(id)` names people and channels;
// `input(block)`, in a modal, draws a field and remembers it.
export function drawBlocks(blocks, context) {
  return blocks.map((block) => {
    const draw = DRAW[block.type];
    return draw ? draw(block, context) : el("div", { class: "unknown" }, `[${block.type} block]`);
  });
}

const DRAW = {
  header: (b) => el("h3", { class: "b-header" }, emojify(b.text.text)),
  divider: () => el("hr"),
  section: (b, c) =>
    el("div", { class: "b-section" },
      el("div", { class: "b-section-text" },
        b.text ? textObject(b.text, c.name) : null,
        b.fields ? el("div", { class: "fields" }, ...b.fields.map((field) => textObject(field, c.name))) : null),
      b.accessory ? element(b.accessory, b, c) : null),
  context: (b, c) =>
    el("div", { class: "b-context" },
      ...b.elements.map((thing) => (thing.type === "image" ? picture(thing) : textObject(thing, c.name)))),
  actions: (b, c) => el("div", { class: "b-actions" }, ...b.elements.map((thing) => element(thing, b, c))),
  image: (b) => el("figure", {}, b.title ? el("figcaption", {}, b.title.text) : null, picture(b)),
  rich_text: (b, c) => el("div", { class: "text" }, ...b.elements.map((part) => rich(part, c.name))),
  markdown: (b) => el("div", { class: "text" }, b.text),
  table: (b, c) =>
    el("div", { class: "b-table" }, el("table", {}, ...b.rows.map((row, n) => tableRow(row, n, b, c.name)))),
  plan: (b, c) =>
    el("div", { class: "b-plan" }, el("strong", {}, words(b.title)), ...(b.tasks ?? []).map((task) => taskCard(task, c))),
  task_card: (b, c) => taskCard(b, c),
  container: (b, c) => el("div", { class: "b-container" }, ...drawBlocks(b.child_blocks, c)),
  alert: (b, c) => el("div", { class: "b-container" }, b.text ? textObject(b.text, c.name) : null),
  input: (b, c) => c.input ? c.input(b) : null,
};

const words = (title) => emojify(typeof title === "string" ? title : title?.text ?? "");
const picture = (thing) => el("span", { class: "picture", role: "img", "aria-label": thing.alt_text }, `🖼 ${thing.alt_text}`);
const STATES = { pending: "○", in_progress: "◐", complete: "●", error: "✕" };

function taskCard(task, c) {
  const state = task.status ?? "pending";
  return el("div", { class: `b-task ${state}` },
    el("span", { role: "img", "aria-label": state }, STATES[state]), " ", words(task.title),
    ...["details", "output"].filter((key) => task[key]).map((key) => DRAW.rich_text(task[key], c)));
}

function tableRow(row, n, block, name) {
  const align = (column) => (block.column_settings?.[column]?.align === "right" ? "right" : undefined);
  return el("tr", {}, ...row.map((cell, column) =>
    el(n === 0 ? "th" : "td", { class: align(column), scope: n === 0 ? "col" : undefined },
      ...(cell.type === "rich_text" ? cell.elements.map((part) => rich(part, name)) : [emojify(String(cell.text ?? cell.value ?? ""))]))));
}

function rich(part, name) {
  if (part.type === "rich_text_list") {
    return el(part.style === "ordered" ? "ol" : "ul", {}, ...part.elements.map((item) => el("li", {}, rich(item, name))));
  }
  const tag = { rich_text_preformatted: "pre", rich_text_quote: "blockquote" }[part.type] ?? "div";
  return el(tag, {}, ...part.elements.map((leaf) => richLeaf(leaf, name)));
}

function richLeaf(leaf, name) {
  const style = leaf.style ?? {};
  let node = leafText(leaf, name);
  for (const [key, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (style[key]) node = el(tag, {}, node);
  }
  return node;
}

function leafText(leaf, name) {
  if (leaf.type === "user") return el("span", { class: "mention" }, "@" + name(leaf.user_id));
  if (leaf.type === "channel") return el("span", { class: "mention" }, "#" + name(leaf.channel_id));
  if (leaf.type === "broadcast") return el("span", { class: "mention loud" }, "@" + leaf.range);
  if (leaf.type === "emoji") return emojify(`:${leaf.name}:`);
  if (leaf.type === "link") return link(leaf.url, leaf.text ?? leaf.url);
  return String(leaf.text ?? leaf.fallback ?? "");
}

// interactive elements ------------------------------------------------------------------------

function element(thing, block, c) {
  const use = (value) => c.act({ block_id: block.block_id, action_id: thing.action_id, value });
  if (thing.type === "image") return picture(thing);
  if (thing.type === "button") return button(thing, use, c.name);
  if (thing.options) return menu(thing, use, c.name);
  return el("span", { class: "unknown" }, `[${thing.type}]`);
}

function button(thing, use, name) {
  const node = el("button", { type: "button", class: `b-button ${thing.style ?? ""}`, "aria-label": thing.accessibility_label }, words(thing.text));
  node.addEventListener("click", async () => {
    if (thing.confirm && !(await confirmed(thing.confirm, name))) return;
    node.disabled = true;
    await use(undefined);
    node.disabled = false;
  });
  return node;
}

function menu(thing, use, name) {
  const select = el("select", { "aria-label": thing.placeholder?.text ?? "More actions" },
    el("option", { value: "" }, thing.placeholder?.text ?? "⋯"),
    ...thing.options.map((option) => el("option", { value: option.value }, words(option.text))));
  select.addEventListener("change", async () => {
    const value = select.value;
    select.value = "";
    if (value && (!thing.confirm || (await confirmed(thing.confirm, name)))) await use(value);
  });
  return select;
}

// A confirm dialog: a nicety of the client, as in Slack; it protects nothing.
function confirmed(confirm, name) {
  return new Promise((resolve) => {
    const title = el("h3", { id: "confirm-title" }, confirm.title.text);
    const done = (yes) => () => { dialog.close(); dialog.remove(); resolve(yes); };
    const dialog = el("dialog", { "aria-labelledby": "confirm-title", oncancel: done(false) }, title,
      confirm.text.type === "mrkdwn" ? mrkdwn(confirm.text.text, name) : el("p", {}, confirm.text.text),
      el("div", { class: "dialog-buttons" },
        el("button", { type: "button", class: "b-button", onclick: done(false) }, confirm.deny?.text ?? "Cancel"),
        el("button", { type: "button", class: `b-button ${confirm.style ?? "primary"}`, onclick: done(true) }, confirm.confirm?.text ?? "Yes")));
    document.getElementById("dialogs").append(dialog);
    dialog.showModal();
  });
}
