// Messages to elements. Every text goes in as a text node, every address is checked: what a bot
// sends can never become markup of this page. Offsets are UTF-16 units, which JavaScript counts too.

import { T, language } from "./texts.js";

/** An element with a class and children (strings become text nodes). */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const INLINE = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  subscript: "sub",
  superscript: "sup",
  marked: "mark",
};
const QUOTES = new Set(["blockquote", "expandable_blockquote"]);
const BLOCKS = new Set([...QUOTES, "pre"]);

/** A formatted text. `act` is what taps do: `command(text)`, `link(url)`. */
export function renderText(text, entities, act) {
  const root = make("div", "text");
  const marks = entities
    .map((mark) => ({ ...mark, end: mark.offset + mark.length }))
    .sort((a, b) => a.offset - b.offset || b.end - a.end);
  renderRange(root, text, marks, 0, text.length, act);
  return root;
}

function renderRange(parent, text, marks, start, end, act) {
  let at = start;
  const queue = [...marks];
  while (queue.length) {
    const mark = queue.shift();
    const from = Math.max(mark.offset, at);
    const to = Math.min(mark.end, end);
    if (from >= to) continue;
    appendText(parent, text.slice(at, from), BLOCKS.has(mark.type));
    const inner = [];
    const later = [];
    for (const other of queue) {
      if (other.offset >= to) later.push(other);
      else {
        inner.push({ ...other, end: Math.min(other.end, to) });
        // What reaches over the edge of its neighbour goes on after it.
        if (other.end > to) later.push({ ...other, offset: to });
      }
    }
    queue.splice(0, queue.length, ...later.sort((a, b) => a.offset - b.offset || b.end - a.end));
    const [outer, hole] = entityElement(mark, text.slice(from, to), act);
    if (hole) renderRange(hole, text, inner, from, to, act);
    parent.append(outer);
    at = to;
    // A block stands on its own line anyway: the line break after it would show as an empty one.
    if (BLOCKS.has(mark.type) && text[at] === "\n" && at < end) at += 1;
  }
  appendText(parent, text.slice(at, end), false);
}

function appendText(parent, text, beforeBlock) {
  const shown = beforeBlock && text.endsWith("\n") ? text.slice(0, -1) : text;
  if (shown) parent.append(shown);
}

/** The element of an entity, and the element that takes its content (null if it has its own). */
function entityElement(mark, text, act) {
  if (mark.type in INLINE) return twice(make(INLINE[mark.type]));
  switch (mark.type) {
    case "pre": {
      const code = make("code");
      return [make("pre", "", code), code];
    }
    case "blockquote":
      return twice(make("blockquote"));
    case "expandable_blockquote":
      return expandable();
    case "spoiler":
      return twice(spoiler());
    case "bot_command":
      return twice(commandButton(text, act));
    case "text_link":
      return twice(link(mark.url, act));
    case "url":
      return twice(link(/^[a-z]+:/i.test(text) ? text : `http://${text}`, act));
    case "email":
      return twice(make("span", "link"));
    case "date_time":
      return [dateTime(mark.unix_time, mark.date_time_format, text), null];
    default:
      return twice(make("span", "link"));
  }
}

const twice = (element) => [element, element];

function expandable() {
  const content = make("div", "quote-content");
  const toggle = make("button", "quote-toggle", T.expand);
  toggle.type = "button";
  const quote = make("blockquote", "expandable folded", content, toggle);
  toggle.addEventListener("click", () => {
    const folded = quote.classList.toggle("folded");
    toggle.textContent = folded ? T.expand : T.collapse;
  });
  return [quote, content];
}

function spoiler() {
  const element = make("span", "spoiler");
  element.tabIndex = 0;
  element.role = "button";
  const reveal = (event) => {
    if (element.classList.contains("revealed")) return;
    event.preventDefault();
    event.stopPropagation();
    element.classList.add("revealed");
  };
  element.addEventListener("click", reveal, true);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter") reveal(event);
  });
  return element;
}

function commandButton(text, act) {
  const element = make("button", "link command");
  element.type = "button";
  element.addEventListener("click", () => act.command(text));
  return element;
}

/** A link, or plain text where the address is not one that a browser should open. */
export function link(url, act) {
  const address = safeAddress(url);
  if (!address) return make("span", "link");
  const element = make("a", "link");
  element.href = address;
  element.target = "_blank";
  element.rel = "noopener noreferrer";
  element.title = address;
  element.addEventListener("click", (event) => {
    if (act.link(address)) event.preventDefault();
  });
  return element;
}

/** `url` if it is http, https or tg; else null. */
export function safeAddress(url) {
  try {
    const address = new URL(url);
    return ["http:", "https:", "tg:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

/** A moment in the reader's own zone, by the letters of tg-time's format (Bot API). */
function dateTime(unix, format, text) {
  const element = make("time", "", formatMoment(unix, format ?? "", text));
  const moment = new Date(unix * 1000);
  element.dateTime = moment.toISOString();
  element.title = moment.toLocaleString(language);
  return element;
}

function formatMoment(unix, format, text) {
  if (!format) return text;
  const moment = new Date(unix * 1000);
  if (format === "r") return relative(unix);
  const options = {};
  if (format.includes("w")) options.weekday = "long";
  if (format.includes("d")) options.dateStyle = "short";
  if (format.includes("D")) options.dateStyle = "long";
  if (format.includes("t")) options.timeStyle = "short";
  if (format.includes("T")) options.timeStyle = "medium";
  if (!options.weekday) return new Intl.DateTimeFormat(language, options).format(moment);
  const { weekday, ...rest } = options;
  const day = new Intl.DateTimeFormat(language, { weekday }).format(moment);
  if (!Object.keys(rest).length) return day;
  return `${day}, ${new Intl.DateTimeFormat(language, rest).format(moment)}`;
}

function relative(unix) {
  const seconds = unix - Date.now() / 1000;
  const rule = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return rule.format(Math.round(seconds / size), unit);
  }
  return rule.format(Math.round(seconds), "second");
}

/** A picture that the sandbox keeps. */
export function picture(photo) {
  const image = make("img", "picture");
  image.src = `/control/files/${encodeURIComponent(photo.file_id)}`;
  image.width = photo.width;
  image.height = photo.height;
  image.alt = T.photo;
  image.loading = "lazy";
  return image;
}

/** A RichMessage (Bot API 10.1). */
export function renderRich(message, act) {
  const root = make("div", "rich");
  if (message.is_rtl) root.dir = "rtl";
  root.append(...message.blocks.map((block) => richBlock(block, act)));
  return root;
}

function richBlock(block, act) {
  const text = (value) => richText(value, act);
  switch (block.type) {
    case "paragraph":
      return make("p", "", text(block.text));
    case "heading":
      return make(`h${Math.min(6, block.size + 1)}`, `size-${block.size}`, text(block.text));
    case "pre":
      return make("pre", "", make("code", "", text(block.text)));
    case "footer":
      return make("footer", "", text(block.text));
    case "divider":
      return make("hr");
    case "anchor":
      return anchor(block.name);
    case "mathematical_expression":
      return make("pre", "math", block.expression);
    case "list":
      return make("ul", "", ...block.items.map((item) => listItem(item, act)));
    case "blockquote":
      return make("blockquote", "", ...blocks(block.blocks, act), credit(block.credit, act));
    case "expandable_blockquote": {
      const [quote, content] = expandable();
      content.append(text(block.text), credit(block.credit, act) ?? "");
      return quote;
    }
    case "pullquote":
      return make("aside", "", text(block.text), credit(block.credit, act));
    case "details": {
      const details = make("details", "", make("summary", "", text(block.summary)));
      details.open = Boolean(block.is_open);
      details.append(...blocks(block.blocks, act));
      return details;
    }
    case "table":
      return table(block, act);
    case "photo":
      return figure([picture(block.photo[block.photo.length - 1])], block.caption, act);
    case "document":
      return figure([fileCard(block.document)], block.caption, act);
    case "collage":
      return figure([make("div", "collage", ...blocks(block.blocks, act))], block.caption, act);
    case "slideshow":
      return figure([slideshow(block.blocks, act)], block.caption, act);
    case "buttons":
      return make("div", "button-row", ...block.buttons.map((button) => richButton(button, act)));
    default:
      return make("p", "unknown", `[${block.type}]`);
  }
}

const blocks = (list, act) => list.map((block) => richBlock(block, act));

function credit(value, act) {
  return value === undefined ? null : make("cite", "", richText(value, act));
}

function figure(content, caption, act) {
  const element = make("figure", "", ...content);
  if (caption) {
    const words = make("figcaption", "", richText(caption.text, act));
    const by = credit(caption.credit, act);
    if (by) words.append(words.textContent ? " · " : "", by);
    element.append(words);
  }
  return element;
}

function listItem(item, act) {
  const label = item.has_checkbox ? (item.is_checked ? "☑" : "☐") : item.label;
  return make("li", "", make("span", "label", label), make("div", "", ...blocks(item.blocks, act)));
}

function table(block, act) {
  const element = make("table");
  if (block.is_bordered) element.classList.add("bordered");
  if (block.is_striped) element.classList.add("striped");
  if (block.caption) element.append(make("caption", "", richText(block.caption, act)));
  for (const row of block.cells) {
    const line = make("tr");
    for (const cell of row) {
      const box = make(cell.is_header ? "th" : "td", `align-${cell.align} valign-${cell.valign}`);
      if (cell.colspan) box.colSpan = cell.colspan;
      if (cell.rowspan) box.rowSpan = cell.rowspan;
      if (cell.text !== undefined) box.append(richText(cell.text, act));
      line.append(box);
    }
    element.append(line);
  }
  return make("div", "table-scroll", element);
}

function slideshow(slides, act) {
  const frames = blocks(slides, act);
  const track = make("div", "track", ...frames);
  const count = make("span", "count");
  let shown = 0;
  const show = (index) => {
    shown = (index + frames.length) % frames.length;
    frames.forEach((frame, number) => (frame.hidden = number !== shown));
    count.textContent = `${shown + 1} / ${frames.length}`;
  };
  const arrow = (label, title, step) => {
    const button = make("button", "arrow", label);
    button.type = "button";
    button.title = title;
    button.addEventListener("click", () => show(shown + step));
    return button;
  };
  show(0);
  const box = make("div", "slideshow", track);
  if (frames.length > 1) {
    box.append(make("div", "slides-bar", arrow("‹", T.previous, -1), count, arrow("›", T.next, 1)));
  }
  return box;
}

export function fileCard(file) {
  const card = make("a", "file", make("b", "", file.file_name ?? T.document));
  card.href = `/control/files/${encodeURIComponent(file.file_id)}`;
  card.append(make("span", "", `${Math.ceil(file.file_size / 1024)} KB`));
  return card;
}

function anchor(name) {
  const element = make("span", "anchor");
  element.dataset.anchor = name;
  return element;
}

function richButton(button, act) {
  const element = make("button", `key ${button.style ?? ""}`, richText(button.text, act));
  element.type = "button";
  if (button.disabled) element.disabled = true;
  element.addEventListener("click", () => act.press(button, element));
  return element;
}

/** A RichText: a string, a list, or an object with a type. */
function richText(value, act) {
  const fragment = document.createDocumentFragment();
  if (typeof value === "string") fragment.append(value);
  else if (Array.isArray(value)) fragment.append(...value.map((part) => richText(part, act)));
  else fragment.append(richSpan(value, act));
  return fragment;
}

function richSpan(span, act) {
  const fill = (element) => {
    element.append(richText(span.text, act));
    return element;
  };
  if (span.type in INLINE) return fill(make(INLINE[span.type]));
  switch (span.type) {
    case "spoiler":
      return fill(spoiler());
    case "url":
      return fill(link(span.url, act));
    case "bot_command":
      return fill(commandButton(span.bot_command, act));
    case "date_time":
      return dateTime(span.unix_time, span.date_time_format, plain(span.text));
    case "button":
      return richButton(span.button, act);
    case "anchor":
      return anchor(span.name);
    case "anchor_link":
    case "reference_link": {
      const name = span.anchor_name ?? span.reference_name;
      const element = fill(make("button", "link"));
      element.type = "button";
      element.addEventListener("click", () => {
        const message = element.closest(".rich");
        const target = [...message.querySelectorAll("[data-anchor]")].find(
          (candidate) => candidate.dataset.anchor === name,
        );
        (target ?? message).scrollIntoView({ behavior: "smooth", block: "center" });
      });
      return element;
    }
    case "reference": {
      const element = fill(make("span", "reference"));
      element.dataset.anchor = span.name;
      return element;
    }
    case "custom_emoji":
      return document.createTextNode(span.alternative_text);
    case "mathematical_expression":
      return make("code", "", span.expression);
    default:
      return fill(make("span", "link"));
  }
}

function plain(value) {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(plain).join("");
  return plain(value.text ?? value.alternative_text ?? "");
}
