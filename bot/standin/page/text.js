// Slack's mrkdwn and emoji as DOM nodes. Only createElement and text nodes: whatever anybody
// writes can become words, never markup.

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", lock: "🔒", unlock: "🔓", arrow_right: "➡️", arrow_left: "⬅️", arrow_forward: "▶️",
  telephone: "☎️", telephone_receiver: "📞", no_entry: "⛔", no_entry_sign: "🚫", question: "❓", grey_question: "❔",
  exclamation: "❗", information_source: "ℹ️", large_green_circle: "🟢", red_circle: "🔴", large_yellow_circle: "🟡",
  large_orange_circle: "🟠", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", eyes: "👀",
  mag: "🔍", bell: "🔔", no_bell: "🔕", memo: "📝", clipboard: "📋", scroll: "📜", key: "🔑", shield: "🛡️",
  bust_in_silhouette: "👤", busts_in_silhouette: "👥", wave: "👋", "+1": "👍", thumbsup: "👍", "-1": "👎", tada: "🎉",
  repeat: "🔁", arrows_counterclockwise: "🔄", rewind: "⏪", stopwatch: "⏱️", alarm_clock: "⏰", gear: "⚙️", wrench: "🔧",
  fire: "🔥", skull: "💀", octagonal_sign: "🛑", stop_sign: "🛑", construction: "🚧", link: "🔗", bulb: "💡",
  hand: "✋", raised_hand: "✋", heavy_minus_sign: "➖", black_square_for_stop: "⏹️", robot_face: "🤖", ballot_box_with_check: "☑️",
};

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function emojify(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

const PARTS = new RegExp(
  [
    "```\\n?([\\s\\S]+?)\\n?```", "`([^`\\n]+)`", "<([^<>\\n]+)>",
    "(?<![\\w*])\\*(?=\\S)([^*\\n]+?)(?<=\\S)\\*(?![\\w*])",
    "(?<![\\w_])_(?=\\S)([^_\\n]+?)(?<=\\S)_(?![\\w_])",
    "(?<![\\w~])~(?=\\S)([^~\\n]+?)(?<=\\S)~(?![\\w~])",
  ].join("|"),
  "g",
);

function inline(text, name) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(PARTS)) {
    nodes.push(emojify(unescape(text.slice(end, found.index))));
    nodes.push(part(found, name));
    end = found.index + found[0].length;
  }
  nodes.push(emojify(unescape(text.slice(end))));
  return nodes.filter((node) => node !== "");
}

function part([, pre, code, angle, bold, italic, strike], name) {
  if (pre !== undefined) return el("pre", {}, unescape(pre));
  if (code !== undefined) return el("code", {}, unescape(code));
  if (angle !== undefined) return reference(angle, name);
  if (bold !== undefined) return el("strong", {}, ...inline(bold, name));
  if (italic !== undefined) return el("em", {}, ...inline(italic, name));
  return el("s", {}, ...inline(strike, name));
}

function reference(inner, name) {
  const [target, label] = inner.split("|", 2);
  if (/^[@#]/.test(target)) return el("span", { class: "mention" }, target[0] + (label || name(target.slice(1))));
  if (target.startsWith("!date")) return unescape(label ?? target);
  if (target.startsWith("!")) return el("span", { class: "mention loud" }, label || "@" + target.slice(1).split("^")[0]);
  return link(unescape(target), unescape(label ?? target));
}

export function link(target, label) {
  if (!/^https?:\/\//i.test(target)) return label === target ? target : `${label} (${target})`;
  return el("a", { href: target, rel: "noopener noreferrer", target: "_blank" }, label);
}

// One mrkdwn text; lines that begin with > are a quotation.
export function mrkdwn(text, name) {
  const box = el("div", { class: "text" });
  if (text.includes("```")) {
    box.append(...inline(text, name));
    return box;
  }
  for (const chunk of text.split(/((?:^(?:&gt;|>) ?.*\n?)+)/m)) {
    if (/^(?:&gt;|>)/.test(chunk)) {
      box.append(el("blockquote", {}, ...inline(chunk.trimEnd().replace(/^(?:&gt;|>) ?/gm, ""), name)));
    } else if (chunk) box.append(...inline(chunk, name));
  }
  return box;
}

export function textObject(object, name) {
  if (object.type === "mrkdwn") return mrkdwn(object.text, name);
  return el("div", { class: "text" }, object.emoji === false ? object.text : emojify(object.text));
}
