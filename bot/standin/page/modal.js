// The open modal as a <dialog>: drawn when the view changes, its inputs read when it is submitted.

import { drawBlocks } from "./blocks.js";
import { el } from "./text.js";

export class Modal {
  constructor(host, { name, act, submit, close }) {
    Object.assign(this, { host, name, act, submit, close, shown: null, dialog: null });
  }

  show(view) {
    const version = view ? `${view.id} ${view.hash}` : null;
    if (version === this.shown) return;
    this.shown = version;
    this.dialog?.remove();
    this.dialog = view ? this.draw(view) : null;
    if (this.dialog) {
      this.host.append(this.dialog);
      this.dialog.showModal();
    }
  }

  draw(view) {
    this.inputs = [];
    const context = { name: this.name, act: (used) => this.act({ ...used, view_id: view.id }), input: (block) => this.input(block) };
    const leave = () => this.close(view);
    const send = view.submit ? el("button", { type: "submit", class: "b-button primary" }, view.submit.text) : null;
    const form = el("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); this.send(view); } },
      el("h3", { id: "modal-title" }, view.title.text), ...drawBlocks(view.blocks, context),
      el("div", { class: "dialog-buttons" }, el("button", { type: "button", class: "b-button", onclick: leave }, view.close?.text ?? "Cancel"), send));
    return el("dialog", { class: "modal", "aria-labelledby": "modal-title", oncancel: (event) => { event.preventDefault(); leave(); } }, form);
  }

  input(block) {
    const id = `input-${block.block_id}`;
    const { field, read } = fieldFor(block.element, id);
    const error = el("p", { class: "error", role: "alert", id: `${id}-error` });
    this.inputs.push({ block, read, error });
    return el("div", { class: "b-input" },
      el("label", { for: id, id: `${id}-label` }, block.label.text, block.optional ? el("span", { class: "quiet" }, " (optional)") : null),
      field, block.hint ? el("p", { class: "quiet" }, block.hint.text) : null, error);
  }

  async send(view) {
    const values = {};
    for (const { block, read } of this.inputs) (values[block.block_id] ??= {})[block.element.action_id] = read();
    const answer = await this.submit({ view_id: view.id, values });
    for (const { block, error } of this.inputs) error.textContent = answer?.errors?.[block.block_id] ?? "";
  }
}

function fieldFor(element, id) {
  if (element.type === "static_select") return selectField(element, id);
  if (element.type === "checkboxes" || element.type === "radio_buttons") return choiceField(element, id);
  const props = { id, placeholder: element.placeholder?.text, maxlength: element.max_length };
  const field = element.multiline ? el("textarea", { ...props, rows: 4 }) : el("input", { ...props, type: "text" });
  field.value = element.initial_value ?? "";
  return { field, read: () => field.value };
}

function selectField(element, id) {
  const options = [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)];
  const field = el("select", { id }, el("option", { value: "" }, element.placeholder?.text ?? "Choose"),
    ...options.map((option) => el("option", { value: option.value }, option.text.text)));
  field.value = element.initial_option?.value ?? "";
  return { field, read: () => field.value };
}

function choiceField(element, id) {
  const many = element.type === "checkboxes";
  const initial = (element.initial_options ?? [element.initial_option]).map((option) => option?.value);
  const boxes = element.options.map((option) => {
    const box = el("input", { type: many ? "checkbox" : "radio", name: id, value: option.value });
    box.checked = initial.includes(option.value);
    return [box, el("label", { class: "choice" }, box, " ", option.text.text)];
  });
  const chosen = () => boxes.filter(([box]) => box.checked).map(([box]) => box.value);
  const field = el("div", { role: "group", "aria-labelledby": `${id}-label` }, ...boxes.map(([, label]) => label));
  return { field, read: () => (many ? chosen() : chosen()[0] ?? "") };
}
