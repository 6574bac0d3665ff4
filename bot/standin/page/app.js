// The page: keeps one person's view of one channel in step with the server (long polling) and sends
// back what that person does. Drawing of blocks, text, modals and deliveries is in the other files.

import { drawBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { Inspector } from "./inspector.js";
import { Modal } from "./modal.js";
import { el, mrkdwn } from "./text.js";

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const at = { as: query.get("as") ?? "U0ALICE", channel: query.get("channel") ?? "C0INCIDENT", thread: null };
let state = null;
let polling = new AbortController();

// talking to the server -----------------------------------------------------------------------

async function get(path, options = {}) {
  const answer = await fetch(`/ui/${path}`, options);
  return answer.ok ? answer.json() : null;
}

async function post(path, body) {
  const answer = await fetch(`/ui/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...body, as: at.as, channel: at.channel }),
  });
  const said = await answer.json();
  if (!answer.ok) say(`That did not work: ${said.error}`);
  return answer.ok ? said : null;
}

async function watch() {
  for (;;) {
    const since = state === null ? "" : `&since=${state.version}&wait=20`;
    try {
      const news = await get(`state?as=${at.as}&channel=${at.channel}${since}`, { signal: polling.signal });
      if (news === null) return say("Nobody by that name here.");
      state = news;
      draw();
    } catch (error) {
      if (error.name === "AbortError") continue;
      say("The stand-in does not answer. Is the demo still running?");
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function go(change) {
  Object.assign(at, change);
  history.replaceState(null, "", `?as=${at.as}&channel=${at.channel}`);
  for (const box of [$("messages"), $("replies")]) box.replaceChildren();
  state = null;
  polling.abort();
  polling = new AbortController();
}

let quiet;
function say(text) {
  $("toast").textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => { $("toast").textContent = ""; }, 6000);
}

// drawing ---------------------------------------------------------------------------------------

function name(id) {
  const known = state.people.find((one) => one.id === id) ?? state.channels.find((one) => one.id === id);
  return known?.real_name ?? known?.name ?? id;
}

function draw() {
  if (!state.channels.some((channel) => channel.id === at.channel)) return go({ channel: state.channels[0].id, thread: null });
  drawSide();
  const inChannel = state.messages.filter((m) => !m.thread_ts || m.thread_ts === m.ts || m.broadcast);
  drawMessages($("messages"), inChannel, true);
  $("thread").hidden = at.thread === null;
  if (at.thread) drawMessages($("replies"), state.messages.filter((m) => m.ts === at.thread || m.thread_ts === at.thread), false);
  drawHome();
  modal.show(state.modal);
  if (!$("inspector").hidden) inspector.refresh();
}

function drawSide() {
  const humans = state.people.filter((one) => !one.is_bot);
  if ($("who").length !== humans.length) {
    $("who").replaceChildren(...humans.map((one) => el("option", { value: one.id }, `${one.real_name} (${one.profile.title})`)));
  }
  $("who").value = at.as;
  $("channels").replaceChildren(...state.channels.map((channel) =>
    el("li", {}, el("button", { type: "button", "aria-current": channel.id === at.channel ? "page" : undefined, onclick: () => go({ channel: channel.id, thread: null }) }, label(channel)))));
  const here = state.channels.find((channel) => channel.id === at.channel);
  $("title").textContent = label(here);
  $("shared").hidden = !here.is_ext_shared;
  const http = state.transport === "http";
  $("link").textContent = http ? "● app over signed HTTP" : state.connected ? "● app connected" : "○ app not connected";
  $("link").className = `link ${http || state.connected ? "up" : "down"}`;
  $("inspect").hidden = false;
}

const label = (channel) => (channel.is_im ? `● ${channel.name}` : `# ${channel.name}`);

function drawHome() {
  const here = state.channels.find((channel) => channel.id === at.channel);
  $("home").hidden = !(here.is_im && state.home);
  if ($("home").hidden || $("home").dataset.hash === state.home.hash) return;
  $("home").dataset.hash = state.home.hash;
  const act = (used) => use({ ...used, view_id: state.home.id });
  $("home").replaceChildren(...drawBlocks(state.home.blocks, { name, act }));
}

// Only messages that changed are drawn anew, so that focus and text selection survive.
function drawMessages(box, messages, withThread) {
  const low = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const old = new Map([...box.children].map((node) => [node.dataset.ts, node]));
  const nodes = messages.map((message, n) => {
    const follows = n > 0 && messages[n - 1].user === message.user && !message.ephemeral && !messages[n - 1].ephemeral && Number(message.ts) - Number(messages[n - 1].ts) < 120;
    const version = JSON.stringify([message, follows]);
    const before = old.get(message.ts);
    return before?.version === version ? before : Object.assign(drawMessage(message, withThread, follows), { version });
  });
  for (const [ts, node] of old) if (!messages.some((message) => message.ts === ts)) node.remove();
  nodes.forEach((node, n) => {
    if (box.children[n] === node) return;
    if (box.children[n]?.dataset.ts === node.dataset.ts) box.children[n].replaceWith(node);
    else box.insertBefore(node, box.children[n] ?? null);
  });
  if (low || old.size === 0) box.scrollTop = box.scrollHeight;
}

function drawMessage(message, withThread, follows) {
  const author = state.people.find((one) => one.id === message.user);
  const who = author?.real_name ?? message.user;
  const time = new Date(Number(message.ts) * 1000);
  const body = message.blocks.length
    ? drawBlocks(message.blocks, { name, act: (used) => use({ ...used, ts: message.ts }, trouble) })
    : [mrkdwn(message.text, name)];
  const trouble = el("p", { class: "error", role: "alert" });
  const tag = author?.is_bot ? el("span", { class: "tag" }, "app") : author?.is_stranger ? el("span", { class: "tag" }, "other company") : null;
  const node = el("article", { class: `message ${message.ephemeral ? "ephemeral" : ""} ${follows ? "follows" : ""}`, "aria-label": `${who}, ${clock(time)}` },
    el("div", { class: `face ${author?.is_bot ? "bot" : ""}`, "aria-hidden": "true" }, who.slice(0, 1).toUpperCase()),
    el("div", { class: "body" },
      message.ephemeral ? el("p", { class: "quiet" }, "Only visible to you") : null,
      message.broadcast && withThread ? el("p", { class: "quiet" }, "replied to a thread") : null,
      el("p", { class: "author" }, el("strong", {}, who), tag, el("time", { datetime: time.toISOString() }, clock(time))),
      ...body, message.edited ? el("span", { class: "quiet" }, "(edited)") : null, trouble,
      withThread ? threadLink(message) : null));
  node.dataset.ts = message.ts;
  return node;
}

const clock = (time) => time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function threadLink(message) {
  if (message.ephemeral) return null;
  const count = message.reply_count;
  const text = count ? `${count} ${count === 1 ? "reply" : "replies"}` : "Reply in thread";
  return el("button", { type: "button", class: `replies ${count ? "" : "none"}`, onclick: () => openThread(message.thread_ts ?? message.ts) }, text);
}

function openThread(ts) {
  at.thread = ts;
  $("replies").replaceChildren();
  draw();
}

// doing -----------------------------------------------------------------------------------------

async function use(used, trouble = null) {
  const answer = await post("click", used);
  if (trouble) trouble.textContent = answer && answer.status !== "ok" ? `⚠ ${answer.text}` : "";
  else if (answer && answer.status !== "ok") say(answer.text);
}

const modal = new Modal($("dialogs"), {
  name: (id) => name(id),
  act: (used) => use(used),
  submit: async (body) => {
    const answer = await post("submit", body);
    if (answer && answer.status !== "ok" && !Object.keys(answer.errors).length) say(answer.text);
    return answer;
  },
  close: () => post("close", {}),
});
const inspector = new Inspector({ list: $("deliveries"), faults: $("faults"), post, get, say });
const send = async (text, thread_ts = null) => {
  const answer = await post("say", { text, thread_ts });
  if (answer && answer.status === "refused" && thread_ts) say(answer.text);
};
new Composer({ form: $("composer"), field: $("message"), list: $("suggestions"), smart: $("smart"), get, send });
new Composer({ form: $("reply-composer"), field: $("reply"), get, send: (text) => send(text, at.thread) });

$("who").addEventListener("change", () => go({ as: $("who").value, thread: null }));
$("unthread").addEventListener("click", () => { at.thread = null; draw(); });
$("inspect").addEventListener("click", () => {
  $("inspector").hidden = !$("inspector").hidden;
  $("inspect").setAttribute("aria-expanded", String(!$("inspector").hidden));
  if (!$("inspector").hidden) inspector.refresh();
});
watch();
